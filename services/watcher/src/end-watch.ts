import { backoffMs, type Clock, describeError, isAbort } from '@orchestrator/shared/core'
import type { Ledger } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import { type Finish, finishAttempt } from './finish-attempt.ts'
import type { LogCounts } from './logs/batch-plan.ts'
import type { LogEnd } from './logs/log-shipper.ts'
import { nextLookMs } from './next-look.ts'
import type { EndObservation, Observer } from './observers/port.ts'
import type { StartedAttempt } from './started-attempt.ts'
import { judge, recordedLines } from './verdict.ts'
import { Wake } from './wake.ts'

/** The attempt's log, as far as its end waits for it. */
export interface EndingLog {
  readonly closed: LogCounts | undefined
  readonly whenClosed: Promise<void>
  end(end: LogEnd): void
}

export interface EndWatchOptions {
  readonly attempt: StartedAttempt
  readonly observer: Observer
  readonly ledger: Ledger
  readonly log: EndingLog
  readonly clock: Clock
  readonly logger: Logger
  readonly intervalMs: number
  /** The runtime has been listed once: before, nothing can be found absent. */
  readonly listed: () => boolean
}

/** How long `finished` waits for the closing batch, from the moment the end was seen. */
export const LOG_WAIT_MS = 10_000
const BACKOFF = { firstMs: 250, maxMs: 10_000 }

/**
 * Looks at one attempt until its workload has ended and its verdict is in the ledger. Each look reads the whole state:
 * what it was woken by does not matter.
 */
export class EndWatch {
  readonly #options: EndWatchOptions
  readonly #wake: Wake
  readonly #whenFinished = Promise.withResolvers<void>()
  #finished = false
  #looksSinceHint: number | undefined
  #looksAtEnd = 0
  #endSeenAtMs: number | undefined
  #failures = 0

  constructor(options: EndWatchOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Its end may be near: look at once, and often for a while. */
  expectEnd(): void {
    this.#looksSinceHint = 0
    this.#wake.ring()
  }

  /** Its verdict is in the ledger. */
  finished(): void {
    this.#finished = true
    this.#whenFinished.resolve()
    this.#wake.ring()
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = await this.#lookSafely(signal)
      if (waitMs === undefined) return
      await this.#wake.wait(waitMs, signal)
    }
  }

  async #lookSafely(signal: AbortSignal): Promise<number | undefined> {
    try {
      const waitMs = await this.#look(signal)
      this.#failures = 0
      return waitMs
    } catch (error) {
      if (isAbort(error, signal)) throw error
      this.#failures += 1
      this.#options.logger.warn({ problem: describeError(error), tries: this.#failures }, 'attempt not looked at')
      await this.#options.clock.sleep(backoffMs(this.#failures, BACKOFF), signal)
      return 0
    }
  }

  /** @returns when to look again; `undefined` once all is done */
  async #look(signal: AbortSignal): Promise<number | undefined> {
    const { attempt, observer, log, clock } = this.#options
    const observation = await observer.look(attempt)
    if (observation.kind === 'running') return this.#lookAgain()
    this.#looksAtEnd += 1
    const confirmed = this.#isConfirmed()
    if (judge({ attempt, observation, stopRequested: false, confirmed, restored: false }) === undefined)
      return this.#confirmLater()
    this.#endSeenAtMs ??= clock.monotonicMs()
    log.end({ lines: recordedLines(observation, attempt.submittedId) })
    if (!this.#finished) await this.#awaitLog(this.#endSeenAtMs + LOG_WAIT_MS, signal)
    return this.#finished ? undefined : await this.#finish(observation, signal)
  }

  #lookAgain(): number {
    this.#looksAtEnd = 0
    const waitMs = nextLookMs({
      unconfirmed: false,
      looksSinceHint: this.#looksSinceHint,
      intervalMs: this.#options.intervalMs,
    })
    if (this.#looksSinceHint !== undefined) this.#looksSinceHint += 1
    return waitMs
  }

  /** A look before the first list counts for nothing. */
  #isConfirmed(): boolean {
    if (!this.#options.listed()) this.#looksAtEnd = 0
    return this.#looksAtEnd >= 2
  }

  #confirmLater(): number {
    const { intervalMs } = this.#options
    return nextLookMs({ unconfirmed: true, looksSinceHint: undefined, intervalMs })
  }

  async #awaitLog(untilMs: number, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options
    const enough = new Wake(clock)
    const ring = (): void => enough.ring()
    log.whenClosed.then(ring, ring)
    this.#whenFinished.promise.then(ring, ring)
    await enough.wait(Math.max(0, untilMs - clock.monotonicMs()), signal)
  }

  async #finish(observation: EndObservation, signal: AbortSignal): Promise<number | undefined> {
    const { attempt, log, logger } = this.#options
    const logs = log.closed
    const confirmed = this.#isConfirmed()
    const finish: Finish = await finishAttempt(this.#options, { attempt, observation, confirmed, logs, signal })
    if (finish.kind === 'early') return this.#confirmLater()
    if (finish.kind === 'published') logger.info({ ...finish.verdict, logs }, 'attempt finished')
    this.finished()
    return undefined
  }
}
