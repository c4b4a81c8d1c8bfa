/** What passes between the benchmark and its processes. */

/** One log: where its lines are written, and the subject on which they arrive. */
export interface Log {
  readonly linesFile: string
  readonly subject: string
}

export interface WriteOrder {
  readonly files: readonly string[]
  /** Of each file. */
  readonly lines: number
  /** All files together; null for as fast as possible. */
  readonly linesPerSecond: number | null
}

export interface ReadOrder {
  readonly brokerUrl: string
  readonly subjects: readonly string[]
  /** Of each subject. */
  readonly lines: number
}

export interface ReadResult {
  readonly lines: number
  /** Between the first batch and the last. */
  readonly seconds: number
  /** From the time in a line until a subscriber had it. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}
