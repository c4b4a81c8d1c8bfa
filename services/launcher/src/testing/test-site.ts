/** A machine with a real broker, and what submitter and watcher would do on it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type AttemptSpec,
  attemptSubject,
  type LedgerEvent,
  MARKER_VARIABLE,
  Settings,
  taskSubject,
  WorkspaceDocument,
  workspaceSubject,
} from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { type Broker, createLedger, type Documents, type Ledger, openDocuments } from '@orchestrator/shared/nats'
import { type App, parseConfig } from '@orchestrator/shared/service'
import { createLauncherWith } from '../app.ts'
import { LauncherEnvironment } from '../config.ts'
import { type AttemptHistory, readAttempt } from '../memory/attempt-history.ts'
import { finished, released, started, stopRequested, submitted } from './builders.ts'
import { processTable, STUB_RUNNER, TEST_PATH } from './test-runtime.ts'
import { logger } from './test-world.ts'

const never = new AbortController().signal

export interface TestSite extends AsyncDisposable {
  readonly ledger: Ledger
  readonly workspaces: Documents<WorkspaceDocument>
  /** A launcher in this process. */
  startLauncher(): Promise<App>
  /** A launcher in a process of its own. */
  spawnLauncher(): ChildProcess
  submit(spec: AttemptSpec): Promise<void>
  stop(spec: AttemptSpec): Promise<void>
  /** As a launcher and a watcher of another machine: the attempt has started there, and ended. */
  runElsewhere(spec: AttemptSpec, uid: string): Promise<void>
  /** As the submitter: a person's word. */
  release(service: string, uid: string): Promise<void>
  /** As the watcher: finishes what was started and is gone. @returns true when the attempt is finished */
  watch(spec: AttemptSpec): Promise<boolean>
  history(spec: AttemptSpec): Promise<AttemptHistory & { readonly types: readonly string[] }>
  /** Uids of the runners that did something. */
  ran(spec: AttemptSpec): Promise<readonly string[]>
  pids(spec: AttemptSpec): readonly number[]
  /** Messages that the launcher has not settled yet. */
  unsettled(): Promise<number>
}

export interface TestSiteOptions {
  /** Address of a broker of the test's own, and a connection to it. */
  readonly url: string
  readonly client: Broker
  readonly stateDirectory: string
  readonly settings: unknown
  readonly environment?: Readonly<Record<string, string>>
}

export async function createTestSite(options: TestSiteOptions): Promise<TestSite> {
  await using stack = new AsyncDisposableStack()
  const { url, client, stateDirectory, settings, environment = {} } = options
  const ledger = await createLedger(client)
  const run = Math.random().toString(36).slice(2)
  const submittedIds = new Map<string, string>()
  const idOf = ({ name }: AttemptSpec): string => `submitted-${name}-${run}`
  const settingsFile = join(stateDirectory, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings))
  const variables = {
    NATS_URL: url,
    STATE_DIR: stateDirectory,
    PATH: TEST_PATH,
    SETTINGS_FILE: settingsFile,
    LOG_LEVEL: 'warn',
    RECONCILE_INTERVAL_MS: '500',
    STOP_GRACE_MS: '500',
    ...environment,
  }
  stack.defer(() => {
    for (const id of submittedIds.values()) processTable.signalAll(MARKER_VARIABLE, id, 'SIGKILL')
  })
  const append = async (
    subject: string,
    make: (history: AttemptHistory) => LedgerEvent | undefined,
    id: string,
  ): Promise<void> => {
    await ledger.publish({
      subject,
      eventId: id,
      decide: (history) => {
        const event = make(readAttempt(history))
        return event === undefined
          ? { kind: 'settled', value: undefined }
          : { kind: 'publish', event, expectedSeq: history.lastSeq }
      },
      signal: never,
    })
  }
  const history: TestSite['history'] = async (spec) => {
    const read = await ledger.read(attemptSubject(spec), never)
    return { ...readAttempt(read), types: read.events.map(({ event }) => event.type) }
  }
  const pids: TestSite['pids'] = (spec) => processTable.withVariable(MARKER_VARIABLE, idOf(spec))
  const owned = stack.move()
  return {
    ledger,
    workspaces: await openDocuments(client, 'workspaces', WorkspaceDocument),
    startLauncher: async () =>
      await createLauncherWith(
        {
          config: parseConfig(LauncherEnvironment, variables),
          settings: Settings.parse(settings),
          logger,
          clock: systemClock,
        },
        { runnerMain: STUB_RUNNER },
      ),
    spawnLauncher: () => {
      const child = spawn(process.execPath, [fileURLToPath(new URL('launcher-process.ts', import.meta.url))], {
        env: variables,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      owned.defer(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      })
      return child
    },
    submit: async (spec) => {
      const id = idOf(spec)
      submittedIds.set(spec.name, id)
      await append(taskSubject(spec), () => ({ ...submitted(spec), id }), id)
    },
    stop: async (spec) => {
      const event = stopRequested(spec)
      await append(
        attemptSubject(spec),
        ({ stop, finished: end }) => ((stop ?? end) === undefined ? event : undefined),
        event.id,
      )
    },
    runElsewhere: async (spec, uid) => {
      const submittedId = idOf(spec)
      const [begin, end] = [started(spec, uid, 'another machine'), finished(spec)]
      for (const event of [
        { ...begin, data: { ...begin.data, submittedId } },
        { ...end, data: { ...end.data, submittedId } },
      ])
        await append(attemptSubject(spec), () => event, event.id)
    },
    release: async (service, uid) => {
      const event = released(service, uid)
      await append(workspaceSubject(service), () => event, event.id)
    },
    watch: async (spec) => {
      const now = await history(spec)
      if (now.finished !== undefined || now.started === undefined) return now.finished !== undefined
      if (pids(spec).length > 0) return false
      const event = finished(spec, now.stop === undefined ? 'Succeeded' : 'Stopped')
      await append(attemptSubject(spec), ({ finished: end }) => (end === undefined ? event : undefined), event.id)
      return true
    },
    history,
    ran: async ({ name }) => {
      const text = await readFile(join(stateDirectory, 'launches', name, 'ran'), 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    pids,
    unsettled: async () => {
      const { num_pending: pending, num_ack_pending: handled } = await client.jsm.consumers
        .info('TASKS', 'launcher')
        .catch(() => ({ num_pending: 1, num_ack_pending: 0 }))
      return pending + handled
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}
