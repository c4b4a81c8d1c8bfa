import type { Clock } from '@orchestrator/shared/core'

const RUNG = new Error('rung')

/** A loop's alarm: rung while the loop works, it makes the next wait end at once. For one loop. */
export class Wake {
  readonly #clock: Clock
  #rung = false
  #bell: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung = true
    this.#bell?.abort(RUNG)
  }

  /** Ends after `ms` or when rung. Rejects with the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#rung) await this.#sleep(ms, signal)
    this.#rung = false
  }

  /** Not `AbortSignal.any`: what it makes for each wait is kept by both signals until it is collected. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const bell = new AbortController()
    const onAbort = (): void => bell.abort(signal.reason)
    this.#bell = bell
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await this.#clock.sleep(ms, bell.signal)
    } catch (error) {
      if (error !== RUNG) throw error
    } finally {
      this.#bell = undefined
      signal.removeEventListener('abort', onAbort)
    }
  }
}
