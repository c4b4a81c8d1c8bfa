import { LEASE_RENEW_MS } from './delivery.ts'

/** What follows an event within this time is told under the same lease: a start mostly does. Longer it waits for no one. */
const KEPT_MS = 1_000

/** Leases of tasks of which all is told and more is soon to come: kept, the next event costs one write instead of two. */
export interface KeptLeases {
  has(key: string): boolean
  /** @param confirmedMs when the write was asked for that last showed that it is held */
  keep(key: string, confirmedMs: number): void
  /** @returns `confirmedMs`; `undefined`: not for sure, for whoever was slow may have lost it */
  take(key: string): number | undefined
  /** Those that have been kept for long enough, to be given back. */
  takeOutdated(): readonly string[]
  takeAll(): readonly string[]
}

export function createKeptLeases(monotonicMs: () => number): KeptLeases {
  const kept = new Map<string, number>()
  const takeOlderThan = (ageMs: number): readonly string[] => {
    const nowMs = monotonicMs()
    const keys = [...kept].filter(([, sinceMs]) => nowMs - sinceMs >= ageMs).map(([key]) => key)
    for (const key of keys) kept.delete(key)
    return keys
  }
  return {
    has: (key) => kept.has(key),
    keep: (key, confirmedMs) => void kept.set(key, confirmedMs),
    take: (key) => {
      const sinceMs = kept.get(key)
      kept.delete(key)
      return sinceMs !== undefined && monotonicMs() - sinceMs < LEASE_RENEW_MS ? sinceMs : undefined
    },
    takeOutdated: () => takeOlderThan(KEPT_MS),
    takeAll: () => takeOlderThan(0),
  }
}
