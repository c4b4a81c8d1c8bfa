/** Where whole logs are kept after the stream has let them go. */
import type { StartedAttempt } from '../started-attempt.ts'

export interface LogToKeep {
  readonly attempt: StartedAttempt
  /** `stream`: read back from `LOGS`; `source`: from what the workload itself wrote. */
  readonly origin: 'stream' | 'source'
  /** Texts without line breaks, the end line last. An error of theirs leaves nothing behind. */
  readonly lines: AsyncIterable<string>
  readonly signal: AbortSignal
}

/** Errors of the place itself are RetryableError DISK_FULL and RUNTIME_UNAVAILABLE. */
export interface LogArchive {
  /** Whether the log of this attempt is there, whole, and would outlast a power cut. */
  has(attempt: StartedAttempt): Promise<boolean>
  /** Puts a log there, whole or not at all. One of the same attempt that is there by then stays. */
  keep(log: LogToKeep): Promise<void>
  /** Deletes what was put there before this time. @returns how many logs */
  expire(before: Date): Promise<number>
}
