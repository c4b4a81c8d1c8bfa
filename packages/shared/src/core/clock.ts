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
  sleep,
}

/** Not by `node:timers/promises`: an abort would cost two errors with their stacks, for each alarm that is rung. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(resolve, ms)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
