/** True when `error` is only the signal doing its work, so that a loop may end quietly. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
}

/** Rejects with the signal's reason as soon as it aborts, else settles as `promise` does. The work itself is not cancelled. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Where it is not waited for at all, nobody else would hear that it failed, and the process would end.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
