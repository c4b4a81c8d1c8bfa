/** What `bench/<name>.ts` exports as default. Files that only support a benchmark lie in a folder below `bench/`. */
export interface Benchmark {
  goal: Goal
  run: () => Promise<Measurement>
}

/**
 * A ratio is achieved / achievable and a rate is absolute, so more is better; a p99 is the 99th percentile of a time, so
 * less is better.
 */
export type Goal =
  | { kind: 'ratio'; atLeast: number }
  | { kind: 'rate'; atLeast: number; unit: string }
  | { kind: 'p99'; atMostMs: number }

export interface Measurement {
  /** One value per mode that was measured (with and without durability, for instance). The worst one counts. */
  modes: Record<string, number>
  /** Whatever else is worth keeping in the saved result. */
  details?: Record<string, unknown>
}
