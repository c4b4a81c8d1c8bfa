/** A row of the view, read back. */
import { AttemptFinished, AttemptProgressed, type Phase, TaskSubmitted } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { PHASE_RANKS } from './schema.ts'

/** The columns that every query of attempts selects. */
export const ROW_COLUMNS =
  'n, rank, latest, submitted_seq, submitted_id, submitted_at, submitted, stop_seq, started_seq, started_at, finished_seq, finished_at, finished, progress_seq, progress'

const json = <S extends z.ZodType>(schema: S): z.ZodType<z.output<S>> =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema)

const time = z.int().transform((ms) => new Date(ms))

export const AttemptRow = z.object({
  n: z.int(),
  rank: z.int(),
  latest: z.int(),
  submitted_seq: z.int(),
  submitted_id: z.string(),
  submitted_at: time,
  submitted: json(TaskSubmitted.shape.data),
  stop_seq: z.int().nullable(),
  started_seq: z.int().nullable(),
  started_at: time.nullable(),
  finished_seq: z.int().nullable(),
  finished_at: time.nullable(),
  finished: json(AttemptFinished.shape.data).nullable(),
  progress_seq: z.int().nullable(),
  progress: json(AttemptProgressed.shape.data).nullable(),
})
export type AttemptRow = z.output<typeof AttemptRow>

export function phaseOf({ rank }: Pick<AttemptRow, 'rank'>): Phase {
  const phase = PHASE_RANKS[rank]
  if (phase === undefined) throw new Error(`no phase has the rank ${rank}`)
  return phase
}
