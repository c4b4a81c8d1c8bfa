import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { preparedLater } from './prepared-later.ts'

/** Which attempts were submitted when. The ledger is in the order of time, so a time is found by halving it. */
export interface SubmissionTimes {
  /**
   * A sequence that no attempt from this time on is before. Attempts of a little earlier may follow it: the broker's clock
   * may have been set back by up to {@link CLOCK_SLACK_MS}.
   */
  firstFrom(time: Date): number
  /** A sequence that no attempt of before this time is at or after; with attempts of a little later before it. */
  firstAfter(time: Date): number
}

const CLOCK_SLACK_MS = 60_000

const NEXT = `
  SELECT submitted_seq AS seq, submitted_at AS at FROM attempts INDEXED BY list_all
  WHERE submitted_seq >= ? ORDER BY submitted_seq LIMIT 1`
const LAST = `
  SELECT submitted_seq AS seq, submitted_at AS at FROM attempts INDEXED BY list_all
  WHERE submitted_seq IS NOT NULL ORDER BY submitted_seq DESC LIMIT 1`

const Submission = z.object({ seq: z.int(), at: z.int() }).optional()

export function createSubmissionTimes(database: DatabaseSync): SubmissionTimes {
  const next = preparedLater(database, NEXT)
  const last = preparedLater(database, LAST)
  const firstAt = (ms: number): number => {
    let low = 0
    let high = (Submission.parse(last().get())?.seq ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const found = Submission.parse(next().get(middle))
      if (found === undefined || found.at >= ms) high = middle
      else low = found.seq + 1
    }
    return low
  }
  return {
    firstFrom: (time) => firstAt(time.getTime() - CLOCK_SLACK_MS),
    firstAfter: (time) => firstAt(time.getTime() + CLOCK_SLACK_MS),
  }
}
