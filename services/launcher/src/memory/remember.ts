const MAX_REMEMBERED = 10_000

/**
 * Keeps what concerns one attempt for as long as it matters, and not much longer: another replica may be the one that
 * sees its end, so the oldest memories go when there are too many.
 */
export function remember<T>(memory: Map<string, T>, submittedId: string, value: T): void {
  memory.delete(submittedId)
  memory.set(submittedId, value)
  const [oldest] = memory.keys()
  if (memory.size > MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest)
}
