/** Whether something grows: the median of all slopes between two samples (Theil and Sen), with its 95 % interval. Pure. */

export interface Point {
  readonly attempts: number
  readonly value: number
}

export interface Trend {
  /** For each 1,000 attempts. */
  readonly slope: number
  readonly low: number
  readonly high: number
}

export type Verdict = 'does not grow' | 'grows' | 'cannot be told'

const PER = 1000
const Z_95 = 1.96

/** One odd sample, or a few, change nothing: that is why it is no least-squares line. */
export function trendOf(points: readonly Point[]): Trend {
  const slopes = points
    .flatMap((a, i) => points.slice(i + 1).map((b) => ((b.value - a.value) * PER) / (b.attempts - a.attempts)))
    .toSorted((a, b) => a - b)
  const n = points.length
  const middle = (slopes.length - 1) / 2
  // Of Kendall's statistic without ties, in ranks of slopes.
  const spread = (Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const at = (rank: number): number => {
    const value = slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))]
    if (value === undefined) throw new Error('a trend needs two samples at least')
    return value
  }
  return {
    slope: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(middle - spread),
    high: at(middle + spread),
  }
}

/** @param allowed what may come with each 1,000 attempts and still counts as none */
export function judge({ low, high }: Trend, allowed: number): Verdict {
  if (low > allowed) return 'grows'
  return high <= allowed ? 'does not grow' : 'cannot be told'
}
