/** How often the handling of a message has failed in a way that counts. */
export interface FailureCounts {
  /** @returns the failures of this message so far */
  count(id: string, failed: boolean): number
  forget(id: string): void
}

/** Counts kept for messages that come again; the oldest go when another replica seems to have taken them over. */
const MAX_COUNTS = 10_000

/**
 * The broker's own count of deliveries would not do: it also counts those that failed because something was unavailable,
 * or that a stopping replica gave back. Each replica counts for itself, so a message may be tried so often by each.
 */
export function createFailureCounts(): FailureCounts {
  const counts = new Map<string, number>()
  return {
    count: (id, failed) => {
      const failures = (counts.get(id) ?? 0) + (failed ? 1 : 0)
      counts.delete(id)
      if (failures > 0) counts.set(id, failures)
      const [oldest] = counts.keys()
      if (counts.size > MAX_COUNTS && oldest !== undefined) counts.delete(oldest)
      return failures
    },
    forget: (id) => {
      counts.delete(id)
    },
  }
}
