/**
 * What the stream `DEADLETTERS` holds: messages that were given up, a person's wish to have one handled again, and what
 * came of that. The state of a letter is derived from these three; nobody stores it.
 */
import { z } from 'zod'

/** Why a message was given up; a newer release may name others. */
export const DEAD_LETTER_REASONS = ['terminal', 'tries', 'unreadable', 'rejected'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** Subject `deadletter.<durable>`: where the message is stored, and why it was given up. */
export const DeadLetter = z.object({
  v: z.literal(1),
  durable: z.string(),
  stream: z.string(),
  /** Of the message in its stream. */
  sequence: z.int(),
  subject: z.string(),
  /** One of `DEAD_LETTER_REASONS`. */
  reason: z.string(),
  /** Deliveries until it was given up. */
  tries: z.int(),
  text: z.string(),
  /** The one channel that has not told it; left out where the durable as a whole did not get on. */
  channel: z.exactOptional(z.string()),
})
export type DeadLetter = z.infer<typeof DeadLetter>

/** Subject `replay.<durable>.<letter>`, at most one for each letter: the durable is to handle the message again. */
export const ReplayRequest = z.object({
  v: z.literal(1),
  stream: z.string(),
  sequence: z.int().min(1),
  channel: z.exactOptional(z.string()),
})
export type ReplayRequest = z.infer<typeof ReplayRequest>

/**
 * Subject `replayed.<durable>.<letter>`, at most one for each letter: what came of the replay. `obsolete`: there was
 * nothing left to do. `failed`: given up once more, as the letter at `next`.
 */
export const ReplayEnd = z.object({
  v: z.literal(1),
  outcome: z.enum(['handled', 'obsolete', 'failed']),
  text: z.exactOptional(z.string()),
  next: z.exactOptional(z.int()),
})
export type ReplayEnd = z.infer<typeof ReplayEnd>
