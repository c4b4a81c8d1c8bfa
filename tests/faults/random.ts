/** Chance that can be repeated: the same seed gives the same numbers. */
export interface Chance {
  /** 0 ≤ x < 1 */
  next(): number
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number
  pick<T>(items: readonly [T, ...T[]]): T
  /** True with this probability. */
  is(probability: number): boolean
}

/** FNV-1a over the text, then mulberry32. */
export function createChance(seed: string): Chance {
  let state = [...Buffer.from(seed)].reduce((hash, byte) => Math.imul(hash ^ byte, 16_777_619), 2_166_136_261)
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
    is: (probability) => next() < probability,
  }
}
