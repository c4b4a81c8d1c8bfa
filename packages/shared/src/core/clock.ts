import { setTimeout as delay } from 'node:timers/promises'

/** Time as a dependency. `now` is for people; intervals and deadlines use `monotonicMs`, which never jumps. */
export interface Clock {
  now(): Date
  /** Milliseconds since an arbitrary start; only differences mean something. */
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
  },
}
