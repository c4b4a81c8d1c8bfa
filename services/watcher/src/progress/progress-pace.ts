/** When progress is told: a new step at once, anything else at most every two seconds. */
import type { RunnerProgress } from './fold-progress.ts'

const PROGRESS_INTERVAL_MS = 2000

export interface ToldProgress {
  readonly progress: RunnerProgress
  /** Last line of the log in the stream. */
  readonly line: number
  readonly atMs: number
}

/** Milliseconds until it is due, 0 for now; `undefined` when there is nothing new. */
export function progressDueInMs(
  told: ToldProgress | undefined,
  current: Omit<ToldProgress, 'atMs'>,
  nowMs: number,
): number | undefined {
  if (told === undefined || told.progress.step !== current.progress.step) return 0
  if (told.progress === current.progress && told.line === current.line) return undefined
  return Math.max(0, told.atMs + PROGRESS_INTERVAL_MS - nowMs)
}
