import type { LedgerEvent } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
/** From where on a channel tells: it never replays what happened before its time. */
import { z } from 'zod'

/** Bucket `deliveries`, key `<channel>`: when the channel was first seen in the settings. */
export const ChannelDocument = z.looseObject({ v: z.literal(1), channel: z.string(), since: z.int() })
export type ChannelDocument = z.infer<typeof ChannelDocument>

/** Deliveries are kept for 30 days after their last change. One that is not there may have been told until then. */
export const FORGOTTEN_AFTER_MS = 29 * 24 * 3_600_000

export interface TaskHistory {
  readonly since: number
  /** The task's events since then, in the ledger's order. */
  readonly events: readonly StoredEvent<LedgerEvent>[]
  readonly now: Date
}

/** The last sequence of a task, without a delivery of its own, that counts as told. */
export function toldBefore({ since, events, now }: TaskHistory): number {
  const forgotten = events.findLast(({ time }) => now.getTime() - time.getTime() > FORGOTTEN_AFTER_MS)
  return Math.max(since - 1, forgotten?.seq ?? 0)
}

/** True for the event that a task begins with: nothing of it can have been told before. */
export function isFirstOfTask({ event }: StoredEvent): boolean {
  return event.type === 'task.submitted' && event.data.attempt.n === 1
}
