export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** Exponential delay with equal jitter: between half and the whole of `firstMs * 2^(tries-1)`, capped at `maxMs`. */
export function backoffMs(tries: number, { firstMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, tries - 1)))
  return Math.round(full / 2 + random() * (full / 2))
}
