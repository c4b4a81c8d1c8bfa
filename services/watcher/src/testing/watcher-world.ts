/** A broker, a watched place, and watchers of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import {
  type AttemptFinished,
  type LedgerEvent,
  type LogBatch,
  logSubject,
  type RunnerLineBody,
  Settings,
} from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import {
  type Broker,
  createLedger,
  createLogs,
  createProgress,
  type Ledger,
  type Logs,
  type Progress,
} from '@orchestrator/shared/nats'
import { type App, createLogger, parseConfig } from '@orchestrator/shared/service'
import { expect, vi } from 'vitest'
import { createWatcherApp } from '../app.ts'
import { WatcherEnvironment } from '../config.ts'
import type { StartedAttempt } from '../started-attempt.ts'
import { lineText, startedEvent } from './attempts.ts'
import { createWatchedPlace, type FakeRunner, type WatchedPlace } from './watched-place.ts'

const { signal } = new AbortController()
export const IN_TIME = { timeout: 20_000, interval: 25 }

/** As tests start it. */
export interface WorldBroker extends AsyncDisposable {
  readonly url: string
  connect(name: string): Promise<Broker>
  kill(): Promise<void>
  restart(): Promise<void>
}

export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  readonly broker: WorldBroker
  readonly place: WatchedPlace
  readonly ledger: Ledger
  readonly logs: Logs
  readonly progress: Progress
  /** Lines of its watchers' logs: warnings and worse. */
  readonly warnings: string[] = []

  private constructor(parts: Pick<World, 'broker' | 'place' | 'ledger' | 'logs' | 'progress'>) {
    this.broker = this.#stack.use(parts.broker)
    this.place = this.#stack.use(parts.place)
    this.ledger = parts.ledger
    this.logs = parts.logs
    this.progress = parts.progress
  }

  static async create(broker: WorldBroker): Promise<World> {
    const connection = await broker.connect('test')
    const ledger = await createLedger(connection)
    const [logs, progress] = [createLogs(connection), createProgress(connection)]
    return new World({ broker, place: await createWatchedPlace(), ledger, logs, progress })
  }

  environment(change: Record<string, string> = {}): Record<string, string> {
    return { NATS_URL: this.broker.url, STATE_DIR: this.place.stateDirectory, LOOK_INTERVAL_MS: '200', ...change }
  }

  async startWatcher(change: Record<string, string> = {}, clock: Clock = systemClock): Promise<App> {
    const config = parseConfig(WatcherEnvironment, this.environment(change))
    const destination = new Writable({
      write: (line, _encoding, done) => {
        this.warnings.push(String(line))
        done()
      },
    })
    const logger = createLogger({ name: 'watcher', level: 'warn', destination })
    const app = await createWatcherApp({ config, settings: Settings.parse({}), logger, clock })
    this.#stack.use(app)
    return app
  }

  /** The service as a process of its own. */
  async spawnWatcher(): Promise<ChildProcess> {
    const main = join(import.meta.dirname, '../main.ts')
    const env = this.environment()
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#stack.defer(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    return child
  }

  async say(attempt: StartedAttempt, event: LedgerEvent): Promise<void> {
    const decide = ({ lastSeq }: { lastSeq: number }): { kind: 'publish'; event: LedgerEvent; expectedSeq: number } => {
      return { kind: 'publish', event, expectedSeq: lastSeq }
    }
    await this.ledger.publish({ subject: attempt.subject, eventId: event.id, decide, signal })
  }

  async launch(order: Parameters<WatchedPlace['launch']>[0] = {}): Promise<FakeRunner> {
    const runner = await this.place.launch(order)
    await this.say(runner.attempt, startedEvent(runner.attempt))
    return runner
  }

  async finished({ subject }: StartedAttempt): Promise<AttemptFinished[]> {
    const { events } = await this.ledger.read(subject, signal)
    return events.map(({ event }) => event).filter((event) => event.type === 'attempt.finished')
  }

  async untilFinished(attempt: StartedAttempt): Promise<AttemptFinished['data']> {
    await vi.waitFor(async () => expect(await this.finished(attempt)).toHaveLength(1), IN_TIME)
    const [event] = await this.finished(attempt)
    if (event === undefined) throw new Error('not finished')
    return event.data
  }

  async batches({ ref }: StartedAttempt): Promise<LogBatch[]> {
    const subject = logSubject(ref)
    return await Array.fromAsync(this.logs.read({ subject, fromLine: 1, follow: false, signal }))
  }

  async log(attempt: StartedAttempt): Promise<string[]> {
    return (await this.batches(attempt)).flatMap(({ lines }) => lines)
  }

  async untilClosed(attempt: StartedAttempt): Promise<LogBatch['head']> {
    const last = async (): Promise<LogBatch['head'] | undefined> =>
      (await this.logs.last(logSubject(attempt.ref), signal))?.batch.head
    await vi.waitFor(async () => expect(await last()).toHaveProperty('closing'), IN_TIME)
    const head = await last()
    if (head === undefined) throw new Error('no log')
    return head
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

export const texts = (first: number, last: number, body?: (n: number) => RunnerLineBody): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => lineText(first + i, body?.(first + i)))
export const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
