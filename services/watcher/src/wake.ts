import type { Clock } from '@orchestrator/shared/core'

/** A loop's alarm: rung while the loop works, it makes the next wait end at once. */
export class Wake {
  readonly #clock: Clock
  #bell = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#bell.abort()
  }

  /** Ends after `ms` or when rung. Rejects with the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, this.#bell.signal]))
    } catch (error) {
      if (signal.aborted || !this.#bell.signal.aborted) throw error
    }
    if (this.#bell.signal.aborted) this.#bell = new AbortController()
  }
}
