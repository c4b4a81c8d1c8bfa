/** What arrives of a task while this replica tells it. It is told without a mark of its own, unless that takes long. */
export interface Arrivals {
  /** Highest sequence that arrived; 0 for none. */
  readonly newest: number
  add(seq: number): void
  /** Something arrived, as with `add`. @returns true once it was told and that is recorded; false: it needs a mark */
  until(seq: number): Promise<boolean>
  /** Everything up to a sequence was told, and that is recorded. */
  told(seq: number): void
  /** Nothing more will be told. */
  end(): void
}

/** @param patienceMs for so long `until` waits */
export function createArrivals(patienceMs: number): Arrivals {
  const waiting = new Map<(told: boolean) => void, number>()
  let newest = 0
  const add = (seq: number): void => {
    newest = Math.max(newest, seq)
  }
  return {
    add,
    get newest() {
      return newest
    },
    until: async (seq) => {
      add(seq)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, patienceMs, false)
      waiting.set(resolve, seq)
      const told = await promise
      waiting.delete(resolve)
      clearTimeout(timer)
      return told
    },
    told: (seq) => {
      for (const [resolve, wanted] of waiting) if (wanted <= seq) resolve(true)
    },
    end: () => {
      for (const resolve of waiting.keys()) resolve(false)
    },
  }
}
