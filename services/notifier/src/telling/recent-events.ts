import { type LedgerEvent, taskKey, type TaskRef } from '@orchestrator/shared/contracts'
import type { Arrival, StoredEvent } from '@orchestrator/shared/nats'
import { toTaskEvent } from '../routing.ts'
import { isFirstOfTask } from './first-word.ts'

/** What is remembered, roughly, in bytes. */
const REMEMBERED_MAX_BYTES = 16 * 1024 * 1024
/** Of an event besides the one text in it that may be long. */
const EVENT_BYTES = 4 * 1024

type Stored = StoredEvent<LedgerEvent>

export interface Range {
  readonly afterSeq: number
  readonly throughSeq: number
}

/**
 * The newest part of the ledger, as far as all of it was given to this replica, so that what is told soon after it happened
 * need not be read. A replica that shares the durable with others knows little: it reads instead.
 */
export interface RecentEvents {
  /** To be called for everything that the durable gives, as it comes. */
  arrive(arrival: Arrival): void
  /** All events of a task after `afterSeq`, up to `throughSeq` at least; `undefined` when that is not known for sure. */
  of(task: TaskRef, range: Range): readonly Stored[] | undefined
  /** After an interruption nothing of before is relied on. */
  forget(): void
}

export function createRecentEvents(maxBytes = REMEMBERED_MAX_BYTES): RecentEvents {
  const bySeq = new Map<number, string>()
  const byTask = new Map<string, Stored[]>()
  let lastDelivery = 0
  /** Every event from the first to the last sequence was given to us; none: `first` is above every sequence. */
  let first = Number.POSITIVE_INFINITY
  let last = 0
  let bytes = 0

  const forget = (): void => {
    bySeq.clear()
    byTask.clear()
    bytes = 0
    first = Number.POSITIVE_INFINITY
    last = 0
  }

  const isFull = (): boolean => bytes > maxBytes

  const dropOldest = (): void => {
    const [oldest] = bySeq
    if (oldest === undefined) return
    const [seq, key] = oldest
    const events = byTask.get(key)
    const dropped = events?.shift()
    if (events?.length === 0) byTask.delete(key)
    bySeq.delete(seq)
    if (dropped !== undefined) bytes -= sizeOf(dropped)
    first = seq + 1
  }

  const remember = (stored: StoredEvent): void => {
    const news = toTaskEvent(stored)
    if (news === undefined) return
    const key = taskKey(news.task)
    const events = byTask.get(key)
    if (events === undefined) byTask.set(key, [news.stored])
    else events.push(news.stored)
    bySeq.set(stored.seq, key)
    bytes += sizeOf(news.stored)
    while (isFull()) dropOldest()
  }

  return {
    arrive: ({ delivery, seq, isFirst, stored }) => {
      if (delivery !== lastDelivery + 1) forget()
      lastDelivery = delivery
      // What comes again was remembered when it came first, or was before our time.
      if (!isFirst || seq <= last) return
      first = Math.min(first, seq)
      last = seq
      if (stored !== undefined) remember(stored)
    },
    of: (task, { afterSeq, throughSeq }) => {
      if (last < throughSeq) return undefined
      const events = (byTask.get(taskKey(task)) ?? []).filter(({ seq }) => seq > afterSeq)
      const [begin] = events
      // Nothing of a task is before the event that it begins with.
      return first <= afterSeq + 1 || (begin !== undefined && isFirstOfTask(begin)) ? events : undefined
    },
    forget,
  }
}

function sizeOf({ event }: Stored): number {
  return EVENT_BYTES + (event.type === 'task.submitted' ? (event.data.attempt.prompt.guidance?.length ?? 0) * 2 : 0)
}
