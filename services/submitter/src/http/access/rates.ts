/** How many requests one caller may send. */
export interface Rates {
  /** @returns 0 when one more is allowed, else after how many seconds it will be */
  take(key: string): number
}

export interface RatesOptions {
  readonly perSecond: number
  /** So many at once, after a rest. */
  readonly burst: number
  readonly monotonicMs: () => number
}

interface Bucket {
  left: number
  at: number
}

/** Whoever sends under ever new names makes it forget others, not grow. */
const KEYS_MAX = 10_000

/** Many small refills do not add up to a whole. */
const ROUNDING = 1e-6

/** A bucket for each key, refilled steadily: no more than `burst` and `perSecond` in any span of time. */
export function createRates({ perSecond, burst, monotonicMs }: RatesOptions): Rates {
  const buckets = new Map<string, Bucket>()
  return {
    take: (key) => {
      const now = monotonicMs()
      const bucket = buckets.get(key) ?? { left: burst, at: now }
      const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
      const isAllowed = left >= 1 - ROUNDING
      // Put back last: the first of the map is the one that was used longest ago.
      buckets.delete(key)
      buckets.set(key, { left: isAllowed ? left - 1 : left, at: now })
      if (buckets.size > KEYS_MAX) forgetOldest(buckets)
      return isAllowed ? 0 : Math.max(1, Math.ceil((1 - left) / perSecond))
    },
  }
}

/** Five seconds' worth may come at once. Requests without a good token, which mean nothing, get a tenth. */
export function createGuardRates(
  perSecond: number,
  monotonicMs: () => number,
): { readonly known: Rates; readonly strangers: Rates } {
  const rates = (share: number): Rates =>
    createRates({ perSecond: perSecond * share, burst: Math.max(1, perSecond * share * 5), monotonicMs })
  return { known: rates(1), strangers: rates(0.1) }
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const [oldest] = buckets.keys()
  if (oldest !== undefined) buckets.delete(oldest)
}
