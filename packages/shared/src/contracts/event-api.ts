/** `GET /v1/events`: the ledger as server-sent events, each under its `type`, with `<generation>-<sequence>` as its id. */
import { z } from 'zod'

/** An event as `events.ts` has it, with its sequence in the ledger. */
export const StreamedEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  /** Of the ledger, padded with zeros: values of this extension are compared as text. */
  sequence: z.string(),
  data: z.looseObject({}),
})
export type StreamedEvent = z.infer<typeof StreamedEvent>

/** Sent as `gap`: events up to `sequence` that were asked for are not in the stream. */
export const EventGap = z.object({
  /** `restored`: the ledger is another one since. `unreadable`: of a newer release, or damaged. A newer release may have others. */
  reason: z.string(),
  sequence: z.int(),
  /** What to do. */
  message: z.string(),
})
export type EventGap = z.infer<typeof EventGap>

export const EventMessage = z.union([EventGap, StreamedEvent])

/** Digits of the largest sequence. */
const SEQUENCE_DIGITS = 20

/** The CloudEvents extension `sequence`. */
export function sequenceText(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0')
}

/** Where a reader of events stands: the id of the last one it has. */
export interface EventPosition {
  readonly generation: number
  readonly sequence: number
}

export const EventId = z
  .string()
  .regex(/^[1-9]\d{0,8}-(0|[1-9]\d{0,14})$/, 'must be the id of an event as it was sent, for example "1-17"')

export function formatEventId({ generation, sequence }: EventPosition): string {
  return `${generation}-${sequence}`
}

export function parseEventId(id: z.infer<typeof EventId>): EventPosition {
  const [generation, sequence] = id.split('-').map(Number)
  return { generation: generation ?? 0, sequence: sequence ?? 0 }
}
