/** The submitter as in production, and the bare route: each on a broker of its own, configured alike. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLedger } from '@orchestrator/shared/nats'
import { startTestBroker, type TestBroker } from '@orchestrator/testing'
import { installBelow } from '../measure/installation.ts'
import { freePort, mainOf, type Program, startProgram } from '../measure/processes.ts'
import type { Load } from './load.ts'

export interface SideOptions {
  readonly load: Load
  /** For settings, the view and the event. */
  readonly directory: string
  /** Whether the broker syncs every write before it acknowledges it. */
  readonly sync: boolean
}

export interface Side extends AsyncDisposable {
  readonly broker: TestBroker
  readonly program: Program
  /** @returns submits a second */
  readonly send: (requests: number) => Promise<number>
}

const IN_FLIGHT = 32
const SERVICES = 50
/** So that it never refuses for space: nothing here ends an attempt. */
const LEDGER_MAX_BYTES = String(64 * 2 ** 30)

export async function startRealSide(options: SideOptions): Promise<Side> {
  const { directory } = options
  const { settingsFile } = await installBelow({ directory, services: SERVICES })
  const environment = { SETTINGS_FILE: settingsFile, VIEW_FILE: join(directory, 'view.sqlite'), LEDGER_MAX_BYTES }
  return await startSide(options, { main: mainOf('submitter'), environment })
}

/** `event`: what it publishes, again and again. */
export async function startBareSide(options: SideOptions, event: string): Promise<Side> {
  const EVENT_FILE = join(options.directory, 'event.json')
  await writeFile(EVENT_FILE, event)
  return await startSide(options, { main: join(import.meta.dirname, 'bare-main.ts'), environment: { EVENT_FILE } })
}

async function startSide(
  { load, sync }: SideOptions,
  { main, environment }: Parameters<typeof startProgram>[0],
): Promise<Side> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker({ sync }))
  await broker.connect('topology')
  const port = String(await freePort())
  const variables = { ...environment, NATS_URL: broker.url, PORT: port }
  const program = stack.use(await startProgram({ main, environment: variables }))
  const owned = stack.move()
  let firstTask = 0
  return {
    broker,
    program,
    send: async (requests) => {
      const order = { port: Number(port), firstTask, services: SERVICES, requests, inFlight: IN_FLIGHT }
      firstTask += requests
      return requests / (await load.send(order)).seconds
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The first event that a side's broker holds, as it was published. */
export async function firstEvent({ broker }: Side): Promise<string> {
  const ledger = await createLedger(await broker.connect('reader'))
  const stored = await ledger.get(1, AbortSignal.timeout(10_000))
  if (stored === undefined) throw new Error('the ledger is empty')
  return JSON.stringify(stored.event)
}
