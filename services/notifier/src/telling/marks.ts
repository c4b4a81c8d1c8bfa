/** Marks: what a channel has yet to hear of a task, noted in its delivery. */
import {
  type DeliveryDocument,
  deliveryKey,
  type LedgerEvent,
  type TaskRef,
  type TellAgain,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { hasRoomForAgain, markAgain, markDirty, newDelivery } from '../deliveries/delivery.ts'
import { isFirstOfTask, toldBefore } from './first-word.ts'
import { readTask } from './task-events.ts'
import type { TellerWorld } from './tell-task.ts'

export interface Marking {
  readonly world: Pick<TellerWorld, 'records' | 'ledger' | 'clock'>
  readonly channel: string
  /** Events before this sequence are none of the channel's business. */
  readonly since: number
  readonly signal: AbortSignal
}

/** A `taker` that has room to tell gets the lease in the same write, where nobody holds it. */
export type Mark = (marking: Marking, taker: string | undefined) => Promise<DeliveryDocument | undefined>

/** An event arrived. */
export function markOfEvent(task: TaskRef, stored: StoredEvent<LedgerEvent>): Mark {
  return async (marking, taker) => {
    const key = deliveryKey(marking.channel, task)
    const absent = await absentDelivery(marking, task, stored)
    const decide = (now: DeliveryDocument): DeliveryDocument | undefined => markDirty(now, stored.seq, taker)
    const document = await marking.world.records.change({ key, decide, ...(absent !== undefined && { absent }) })
    if (document === undefined && absent === undefined)
      throw new RetryableError('DOCUMENT_CONFLICT', `the delivery ${key} vanished`)
    return document
  }
}

/** What the delivery of a task counts as while there is none; `undefined`: there is one. */
async function absentDelivery(
  { world, channel, since, signal }: Marking,
  task: TaskRef,
  stored: StoredEvent,
): Promise<DeliveryDocument | undefined> {
  const { records, ledger, clock } = world
  if (isFirstOfTask(stored)) return newDelivery({ channel, task, told: Math.max(since, stored.seq) - 1 })
  if ((await records.get(deliveryKey(channel, task))) !== undefined) return undefined
  const events = await readTask({ ledger, task, fromSeq: since, signal })
  return newDelivery({ channel, task, told: toldBefore({ since, events, now: clock.now() }) })
}

/**
 * A person wants an event told again that the channel had refused. Without a delivery, whose record may have expired,
 * everything up to the event counts as told.
 */
export function markOfWish(task: TaskRef, wanted: TellAgain): Mark {
  return async ({ world: { records }, channel, since }, taker) => {
    const key = deliveryKey(channel, task)
    const known = await records.get(key)
    if (known !== undefined && !hasRoomForAgain(known))
      throw new RetryableError('CHANNEL_UNAVAILABLE', `${key} has many events to tell again: some of them go first`)
    const absent = newDelivery({ channel, task, told: Math.max(since - 1, wanted.sequence) })
    return await records.change({ key, absent, decide: (now) => markAgain(now, wanted, taker) })
  }
}
