/** When a channel whose sink is down may be tried again. Times are on the monotonic clock of one replica. */
import { backoffMs } from '@orchestrator/shared/core'

const BACKOFF = { firstMs: 1_000, maxMs: 60_000 }
/** A sink that asks for more is asked again after this long. */
const RETRY_AFTER_MAX_MS = 60 * 60 * 1_000

export interface Pause {
  /** Tries in a row that found the sink down; 0 while all is well. */
  readonly failures: number
  readonly untilMs: number
  readonly reason: string
}

export const NO_PAUSE: Pause = { failures: 0, untilMs: 0, reason: '' }

export interface Unavailable {
  readonly reason: string
  readonly retryAfterMs: number | undefined
  readonly nowMs: number
  readonly random: () => number
}

/** Calls that were under way when the pause began fail with it: only the first one lengthens the backoff. */
export function pauseAfter(pause: Pause, { reason, retryAfterMs = 0, nowMs, random }: Unavailable): Pause {
  const isNew = nowMs >= pause.untilMs
  const failures = isNew ? pause.failures + 1 : pause.failures
  const asked = nowMs + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS)
  const untilMs = isNew ? nowMs + backoffMs(failures, BACKOFF, random) : pause.untilMs
  return { failures, untilMs: Math.max(untilMs, asked), reason }
}

/** How many calls may be under way: none during a pause, one to find out whether it is over, else all. */
export function allowedCalls(pause: Pause, nowMs: number, concurrency: number): number {
  if (pause.failures === 0) return concurrency
  return nowMs < pause.untilMs ? 0 : 1
}
