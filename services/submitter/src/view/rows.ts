/** A row of the view, read back. */
import type { AttemptFinished, AttemptProgressed, Phase, TaskSubmitted } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { PHASE_RANKS } from './schema.ts'

/** The columns that every query of attempts selects. */
export const ROW_COLUMNS =
  'n, rank, latest, submitted_seq, submitted_id, submitted_at, submitted, stop_seq, started_seq, started_at, finished_seq, finished_at, finished, progress_seq, progress'

/** Written by the view itself, from events that have passed their schemas: parsing them again would only cost. */
const json = <T>(): z.ZodType<T> =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.custom<T>())

const time = z.int().transform((ms) => new Date(ms))

export const Submitted = json<TaskSubmitted['data']>()

export const AttemptRow = z.object({
  n: z.int(),
  rank: z.int(),
  latest: z.int(),
  submitted_seq: z.int(),
  submitted_id: z.string(),
  submitted_at: time,
  submitted: Submitted,
  stop_seq: z.int().nullable(),
  started_seq: z.int().nullable(),
  started_at: time.nullable(),
  finished_seq: z.int().nullable(),
  finished_at: time.nullable(),
  finished: json<AttemptFinished['data']>().nullable(),
  progress_seq: z.int().nullable(),
  progress: json<AttemptProgressed['data']>().nullable(),
})
export type AttemptRow = z.output<typeof AttemptRow>

export function phaseOf({ rank }: Pick<AttemptRow, 'rank'>): Phase {
  const phase = PHASE_RANKS[rank]
  if (phase === undefined) throw new Error(`no phase has the rank ${rank}`)
  return phase
}
