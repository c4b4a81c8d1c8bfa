/** Numbers of repeated measurements. Pure. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export function median(values: readonly number[]): number {
  const half = values.length / 2
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]]
  if (low === undefined || high === undefined) throw new Error('nothing was measured')
  return (low + high) / 2
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}
