import { attemptSubject } from '@orchestrator/shared/contracts'
import { type Clock, describeError, hasCode } from '@orchestrator/shared/core'
import type { Ledger, StoredEvent } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { AttemptWatch, WatchOrder } from './attempt-watch.ts'
import { CLOSE_WITHIN_MS } from './logs/log-follower.ts'
import type { Observer, ShownWorkload } from './observers/port.ts'
import { readHistory, type StartedAttempt, toStartedAttempt } from './started-attempt.ts'

export interface WorkListOptions {
  readonly ledger: Ledger
  readonly observer: Observer
  readonly createWatch: (order: WatchOrder) => AttemptWatch
  readonly clock: Clock
  readonly logger: Logger
  readonly lookIntervalMs: number
}

const ALL_ATTEMPTS = ['attempt.*.*.*.*']

/**
 * Which attempts are watched: those that the ledger has as started and unfinished in this runtime and place, and those
 * that the runtime shows although the ledger is done with them, until their log is archived and they are gone.
 */
export class WorkList implements AsyncDisposable {
  readonly #options: WorkListOptions
  readonly #stop = new AbortController()
  /** By subject of the attempt. */
  readonly #watches = new Map<string, { readonly watch: AttemptWatch; readonly running: Promise<void> }>()
  /** Names that the runtime shows and that need no more asking. */
  #explained: ReadonlySet<string> = new Set()
  #listed = false
  #caughtUp = false

  constructor(options: WorkListOptions) {
    this.#options = options
  }

  /** True once the runtime was listed. */
  get listed(): boolean {
    return this.#listed
  }

  leaseChanged(): void {
    for (const { watch } of this.#watches.values()) watch.leaseChanged()
  }

  /** Says once more how each attempt gets on. */
  tellAgain(): void {
    for (const { watch } of this.#watches.values()) watch.tellAgain()
  }

  /** What the ledger says, from the last message of each attempt on. */
  async followLedger(signal: AbortSignal): Promise<void> {
    this.#caughtUp = false
    const onCaughtUp = (): void => {
      this.#caughtUp = true
    }
    const { ledger } = this.#options
    for await (const stored of ledger.follow({ subjects: ALL_ATTEMPTS, lastPerSubject: true, onCaughtUp, signal })) {
      await this.#unlessUnreadable(stored.subject, () => this.#hear(stored, signal))
    }
  }

  /** What the runtime shows, again and again. */
  async sweepRuntime(signal: AbortSignal): Promise<void> {
    const { observer, clock, lookIntervalMs } = this.#options
    for (;;) {
      const shown = await observer.list()
      this.#listed = true
      const names = new Set(shown.map(({ name }) => name))
      this.#explained = this.#explained.intersection(names)
      for (const workload of shown) await this.#unlessUnreadable(workload.name, () => this.#explain(workload, signal))
      await clock.sleep(lookIntervalMs, signal)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the watcher stops', 'AbortError'))
    await Promise.all([...this.#watches.values()].map(({ running }) => running))
  }

  /** What a newer release wrote, or nobody can read, does not keep this watcher from the rest. */
  async #unlessUnreadable(about: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!hasCode(error, 'EVENT_TOO_NEW') && !hasCode(error, 'EVENT_UNREADABLE')) throw error
      this.#options.logger.warn({ about, problem: describeError(error) }, 'attempt left to others')
    }
  }

  async #hear(stored: StoredEvent, signal: AbortSignal): Promise<void> {
    const { event, subject } = stored
    const watch = this.#watches.get(subject)?.watch
    switch (event.type) {
      case 'attempt.started':
        return this.#start(toStartedAttempt({ ...stored, event }))
      case 'task.stopRequested':
        // The last message of a subject that was not watched: what came before it matters.
        return watch === undefined ? void (await this.#readSubject(subject, signal)) : watch.stopRequested()
      case 'attempt.finished':
        return watch?.finished()
      default:
    }
  }

  async #explain(workload: ShownWorkload, signal: AbortSignal): Promise<void> {
    if (this.#explained.has(workload.name)) return
    const ref = await workload.identify()
    if (ref === undefined) return
    const subject = attemptSubject(ref)
    const known = this.#watches.has(subject) || (await this.#readSubject(subject, signal))
    if (known) this.#explained = this.#explained.union(new Set([workload.name]))
  }

  /** @returns whether the ledger knows this attempt as started, here or elsewhere */
  async #readSubject(subject: string, signal: AbortSignal): Promise<boolean> {
    const { started, stopRequested, finished } = readHistory(await this.#options.ledger.read(subject, signal))
    const ageMs = finished === undefined ? 0 : this.#options.clock.now().getTime() - finished.time.getTime()
    if (started !== undefined) {
      this.#start(started, { isPast: ageMs >= CLOSE_WITHIN_MS })
      const watch = this.#watches.get(subject)?.watch
      if (stopRequested) watch?.stopRequested()
      if (finished !== undefined) watch?.finished()
    }
    return started !== undefined || finished !== undefined
  }

  #start(attempt: StartedAttempt | undefined, { isPast } = { isPast: false }): void {
    const { observer, createWatch } = this.#options
    if (attempt === undefined || this.#watches.has(attempt.subject) || this.#stop.signal.aborted) return
    if (attempt.runtime !== observer.runtime || attempt.location !== observer.location) return
    const watch = createWatch({ attempt, isNew: this.#caughtUp, isPast })
    this.#watches.set(attempt.subject, { watch, running: this.#run(attempt, watch) })
  }

  async #run(attempt: StartedAttempt, watch: AttemptWatch): Promise<void> {
    const { signal } = this.#stop
    try {
      await watch.run(signal)
    } catch (error) {
      if (!signal.aborted)
        this.#options.logger.error(
          { attempt: attempt.name, problem: describeError(error) },
          'attempt no longer watched',
        )
    } finally {
      this.#watches.delete(attempt.subject)
    }
  }
}
