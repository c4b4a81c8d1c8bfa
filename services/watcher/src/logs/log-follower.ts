import { LOG_BATCH_MS } from '@orchestrator/shared/contracts'
import { backoffMs, type Clock, describeError, isAbort } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import type { ProgressTeller } from '../progress/progress-teller.ts'
import type { Turns } from '../turns.ts'
import { Wake } from '../wake.ts'
import type { LogCounts } from './batch-plan.ts'
import type { LogEnd, LogShipper } from './log-shipper.ts'

export interface LogFollowerOptions {
  readonly shipper: LogShipper
  readonly teller: ProgressTeller
  /** Another watcher does it while this one does not. */
  readonly lease: { readonly held: boolean }
  /** Shared by all logs: what is read and not yet published is in memory. */
  readonly turns: Turns
  readonly clock: Clock
  readonly logger: Logger
  /** Without any hint. */
  readonly intervalMs: number
}

/** How long the closing batch is tried for after the end. */
export const CLOSE_WITHIN_MS = 3_600_000
/** After an end nobody waits long for a holder of the lease that may be dead: two at once do no harm. */
const STANDBY_WAIT_MS = 1000
const BACKOFF = { firstMs: 250, maxMs: 5000 }

/** Follows one log from its first line to the closing batch, and tells progress on the way. */
export class LogFollower {
  readonly #options: LogFollowerOptions
  readonly #wake: Wake
  /** Rung by the end alone: it does not wait for a batch to fill. */
  readonly #ended: Wake
  readonly #whenClosed = Promise.withResolvers<void>()
  #end: (LogEnd & { readonly atMs: number }) | undefined
  #shippedAtMs = Number.NEGATIVE_INFINITY
  #failures = 0

  constructor(options: LogFollowerOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
    this.#ended = new Wake(options.clock)
  }

  get closed(): LogCounts | undefined {
    return this.#options.shipper.closed
  }

  /** Fulfils once the closing batch is in the stream. */
  get whenClosed(): Promise<void> {
    return this.#whenClosed.promise
  }

  wake(): void {
    this.#wake.ring()
  }

  /** Nothing more is written: the log may be closed. */
  end(end: LogEnd): void {
    this.#end ??= { ...end, atMs: this.#options.clock.monotonicMs() }
    this.#wake.ring()
    this.#ended.ring()
  }

  /** Returns when the log is closed, or when it could not be closed for an hour. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = await this.#step(signal)
      if (this.closed !== undefined) return this.#whenClosed.resolve()
      if (this.#isGivenUp()) return
      await this.#rest(waitMs, signal)
    }
  }

  /** @returns how long there is nothing to do, as far as is known */
  async #step(signal: AbortSignal): Promise<number> {
    const { clock, turns } = this.#options
    this.#shippedAtMs = clock.monotonicMs()
    try {
      if (!this.#isMine()) return await this.#stepAside(signal)
      const waitMs = await turns.run(async () => await this.#ship(signal))
      this.#failures = 0
      return waitMs
    } catch (error) {
      if (isAbort(error, signal)) throw error
      return await this.#recover(error, signal)
    }
  }

  async #ship(signal: AbortSignal): Promise<number> {
    const { shipper, teller, intervalMs } = this.#options
    await shipper.ship(this.#end, signal)
    const dueInMs = this.closed === undefined ? await teller.tell(shipper.covered) : undefined
    return Math.min(intervalMs, dueInMs ?? intervalMs)
  }

  #isMine(): boolean {
    const { lease, clock } = this.#options
    return lease.held || (this.#end !== undefined && clock.monotonicMs() - this.#end.atMs >= STANDBY_WAIT_MS)
  }

  /** The holder of the lease is at it, if it lives. */
  async #stepAside(signal: AbortSignal): Promise<number> {
    const { shipper, intervalMs, clock } = this.#options
    if (this.#end === undefined) return intervalMs
    await shipper.look(signal)
    return Math.max(0, this.#end.atMs + STANDBY_WAIT_MS - clock.monotonicMs())
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<number> {
    this.#failures += 1
    const waitMs = backoffMs(this.#failures, BACKOFF)
    this.#options.logger.warn({ problem: describeError(error), tries: this.#failures, waitMs }, 'log not shipped')
    await this.#options.clock.sleep(waitMs, signal)
    return 0
  }

  /** Hints come with every line: a batch is given time to fill. */
  async #rest(waitMs: number, signal: AbortSignal): Promise<void> {
    await this.#wake.wait(waitMs, signal)
    const restMs = this.#shippedAtMs + LOG_BATCH_MS - this.#options.clock.monotonicMs()
    if (this.#end === undefined && restMs > 0) await this.#ended.wait(restMs, signal)
  }

  #isGivenUp(): boolean {
    const end = this.#end
    if (end === undefined || this.#options.clock.monotonicMs() - end.atMs < CLOSE_WITHIN_MS) return false
    this.#options.logger.error('log could not be closed')
    return true
  }
}
