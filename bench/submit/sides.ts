/** The submitter as in production, and the bare route: each on a broker of its own, configured alike. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLedger, type Ledger } from '@orchestrator/shared/nats'
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
  /** @returns submits a second, until reads see all of them */
  readonly send: (requests: number) => Promise<number>
  /** The longest that reads were behind when everything was acknowledged. */
  readonly lagMs: () => number
}

const IN_FLIGHT = 32
const SERVICES = 50
/** So that it never refuses for space: nothing here ends an attempt. */
const LEDGER_MAX_BYTES = String(64 * 2 ** 30)
const SEEN_LIMIT_MS = 10_000

export async function startRealSide(options: SideOptions): Promise<Side> {
  const { directory } = options
  const { settingsFile } = await installBelow({ directory, services: SERVICES })
  const environment = { SETTINGS_FILE: settingsFile, VIEW_FILE: join(directory, 'view.sqlite'), LEDGER_MAX_BYTES }
  return await startSide(options, { main: mainOf('submitter'), environment, settle: untilSeen })
}

/** `event`: what it publishes, again and again. */
export async function startBareSide(options: SideOptions, event: string): Promise<Side> {
  const EVENT_FILE = join(options.directory, 'event.json')
  await writeFile(EVENT_FILE, event)
  const main = join(import.meta.dirname, 'bare-main.ts')
  return await startSide(options, { main, environment: { EVENT_FILE }, settle: async () => undefined })
}

interface SideProgram {
  readonly main: string
  readonly environment: Readonly<Record<string, string>>
  /** Waits for work that was put off when the submits were acknowledged. */
  readonly settle: (port: number, ledger: Ledger) => Promise<void>
}

async function startSide({ load, sync }: SideOptions, { main, environment, settle }: SideProgram): Promise<Side> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker({ sync }))
  const ledger = await createLedger(await broker.connect('reader'))
  const port = await freePort()
  const variables = { ...environment, NATS_URL: broker.url, PORT: String(port) }
  const program = stack.use(await startProgram({ main, environment: variables }))
  const owned = stack.move()
  let [firstTask, lagMs] = [0, 0]
  return {
    broker,
    program,
    send: async (requests) => {
      const order = { port, firstTask, services: SERVICES, requests, inFlight: IN_FLIGHT }
      firstTask += requests
      const { seconds } = await load.send(order)
      const acknowledgedMs = performance.now()
      await settle(port, ledger)
      const behindMs = performance.now() - acknowledgedMs
      lagMs = Math.max(lagMs, behindMs)
      return requests / (seconds + behindMs / 1000)
    },
    lagMs: () => lagMs,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Until a read sees the last event of the ledger. */
async function untilSeen(port: number, ledger: Ledger): Promise<void> {
  const signal = AbortSignal.timeout(SEEN_LIMIT_MS)
  const after = await ledger.lastSeq(signal)
  for (;;) {
    const { status, body } = await fetch(`http://127.0.0.1:${port}/v1/attempts?limit=1&after=${after}`, { signal })
    await body?.cancel()
    if (status === 200) return
    if (status !== 503) throw new Error(`a read after sequence ${after} answered ${status}`)
  }
}

/** The first event that a side's broker holds, as it was published. */
export async function firstEvent({ broker }: Side): Promise<string> {
  const ledger = await createLedger(await broker.connect('reader'))
  const stored = await ledger.get(1, AbortSignal.timeout(10_000))
  if (stored === undefined) throw new Error('the ledger is empty')
  return JSON.stringify(stored.event)
}
