/** Bare and real in turn, so that whatever else the machine does meets both. */
import { rounded, spread, type Spread } from './statistics.ts'

export interface Sides<T> {
  readonly bare: () => Promise<T>
  readonly real: () => Promise<T>
}

export interface Pair<T> {
  readonly bare: T
  readonly real: T
}

/** Each pair begins with the other side than the one before: a machine that slows down favours nobody. */
export async function alternate<T>(pairs: number, { bare, real }: Sides<T>): Promise<readonly Pair<T>[]> {
  const done: Pair<T>[] = []
  for (let i = 0; i < pairs; i += 1) {
    if (i % 2 === 0) {
      const first = await bare()
      done.push({ bare: first, real: await real() })
    } else {
      const first = await real()
      done.push({ real: first, bare: await bare() })
    }
  }
  return done
}

/** Of real to bare, pair by pair. */
export function ratios(pairs: readonly Pair<number>[]): Spread {
  const { median, min, max } = spread(pairs.map(({ bare, real }) => real / bare))
  return { median: rounded(median, 3), min: rounded(min, 3), max: rounded(max, 3) }
}
