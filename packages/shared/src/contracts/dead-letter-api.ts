/** The HTTP API of dead letters: what was given up, how it stands, and the wish to have it handled again. */
import { z } from 'zod'
import { ReplayEnd } from './dead-letters.ts'
import { AttemptName } from './names.ts'
import { Phase } from './phases.ts'

/** A durable is a token of NATS subjects. */
export const DurableName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'use the name of a durable as the list shows it, for example "launcher"')

/**
 * `open`: nobody has asked for a replay. `replaying`: asked for, not done. `handled`: the replay did it. `obsolete`:
 * nothing was left to do. `failed`: given up again, as the letter at `failedAs`.
 */
export const DeadLetterState = z.enum(['open', 'replaying', ...ReplayEnd.shape.outcome.options])
export type DeadLetterState = z.infer<typeof DeadLetterState>

export const DeadLetterView = z.object({
  /** What the letter is called: its sequence in `DEADLETTERS`. */
  sequence: z.int(),
  /** Times are the broker's. */
  at: z.iso.datetime(),
  durable: z.string(),
  /** The message that it names. */
  stream: z.string(),
  messageSequence: z.int(),
  subject: z.string(),
  reason: z.string(),
  tries: z.int(),
  text: z.string(),
  /** The one channel that has not told it; null where the durable as a whole did not get on. */
  channel: z.string().nullable(),
  state: DeadLetterState,
  replayedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** Why it is obsolete. */
  endText: z.string().nullable(),
  failedAs: z.int().nullable(),
})
export type DeadLetterView = z.infer<typeof DeadLetterView>

/** `GET /v1/deadletters`: newest first. */
export const DeadLetterPage = z.object({ letters: z.array(DeadLetterView), next: z.string().nullable() })
export type DeadLetterPage = z.infer<typeof DeadLetterPage>

/** `GET /v1/deadletters/{sequence}` */
export const DeadLetterDetail = z.object({
  ...DeadLetterView.shape,
  /** Null once its stream has let it go. */
  message: z
    .object({
      at: z.iso.datetime(),
      bytes: z.int(),
      /** Type and id of the event; null where this release cannot read it. */
      type: z.string().nullable(),
      id: z.string().nullable(),
      /** As it is stored, control characters made visible; only the beginning of a long one. */
      text: z.string(),
      cut: z.boolean(),
    })
    .nullable(),
  /** The attempt that the message is about, as it is now. */
  attempt: z.object({ name: AttemptName, phase: Phase }).nullable(),
  /** What to do, in order. */
  next: z.array(z.string()),
})
export type DeadLetterDetail = z.infer<typeof DeadLetterDetail>

/** `POST /v1/deadletters/{sequence}/replay` */
export const ReplayAnswer = z.object({
  letter: DeadLetterView,
  /** False when it was asked before: nothing more is done then. */
  accepted: z.boolean(),
  message: z.string(),
  /** What happens next, in order. */
  next: z.array(z.string()),
})
export type ReplayAnswer = z.infer<typeof ReplayAnswer>
