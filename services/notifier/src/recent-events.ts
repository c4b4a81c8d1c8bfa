import { type LedgerEvent, taskKey, type TaskRef } from '@orchestrator/shared/contracts'
import type { Ledger, StoredEvent } from '@orchestrator/shared/nats'
import { toTaskEvent, TOLD_SUBJECTS } from './routing.ts'

/** What the window may hold, roughly, in bytes. */
const WINDOW_MAX_BYTES = 16 * 1024 * 1024
/** Of an event besides the one text in it that may be long. */
const EVENT_BYTES = 4 * 1024
/** How far behind the reading may be before it is quicker to read the task itself. */
const PATIENCE_MS = 100

/**
 * The newest part of the ledger in memory, followed in order, so that what is told soon after it happened needs no read
 * of its own.
 */
export interface RecentEvents {
  /** Fills the window until the signal aborts; after an interruption the window begins anew. */
  follow(signal: AbortSignal): Promise<void>
  /**
   * All events of a task after `afterSeq`, up to `throughSeq` at least; `undefined` when the window does not hold them
   * for sure.
   */
  of(
    task: TaskRef,
    range: { readonly afterSeq: number; readonly throughSeq: number },
  ): Promise<readonly StoredEvent<LedgerEvent>[] | undefined>
}

export function createRecentEvents(
  ledger: Pick<Ledger, 'follow' | 'lastSeq'>,
  maxBytes = WINDOW_MAX_BYTES,
): RecentEvents {
  const bySeq = new Map<number, { readonly key: string; readonly bytes: number }>()
  const byTask = new Map<string, StoredEvent<LedgerEvent>[]>()
  const waiting = new Set<() => void>()
  /** The window holds everything from the first to the last sequence; none: `first` is above every sequence. */
  let first = Number.POSITIVE_INFINITY
  let last = 0
  let bytes = 0

  const isFull = (): boolean => bytes > maxBytes

  const dropOldest = (): void => {
    const [oldest] = bySeq
    if (oldest === undefined) return
    const [seq, { key, bytes: freed }] = oldest
    const events = byTask.get(key)
    events?.shift()
    if (events?.length === 0) byTask.delete(key)
    bySeq.delete(seq)
    bytes -= freed
    first = seq + 1
  }

  const add = (task: TaskRef, stored: StoredEvent<LedgerEvent>): void => {
    const key = taskKey(task)
    const events = byTask.get(key)
    if (events === undefined) byTask.set(key, [stored])
    else events.push(stored)
    const size = sizeOf(stored.event)
    bySeq.set(stored.seq, { key, bytes: size })
    bytes += size
    while (isFull()) dropOldest()
    last = stored.seq
    for (const wake of waiting) wake()
  }

  const forget = (): void => {
    bySeq.clear()
    byTask.clear()
    bytes = 0
    first = Number.POSITIVE_INFINITY
    last = 0
  }

  const reached = async (seq: number): Promise<boolean> => {
    if (last >= seq) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      if (last >= seq) resolve()
    }
    const timer = setTimeout(resolve, PATIENCE_MS)
    waiting.add(wake)
    await promise
    waiting.delete(wake)
    clearTimeout(timer)
    return last >= seq
  }

  return {
    follow: async (signal) => {
      const fromSeq = (await ledger.lastSeq(signal)) + 1
      first = fromSeq
      last = fromSeq - 1
      try {
        for await (const stored of ledger.follow({ subjects: TOLD_SUBJECTS, fromSeq, signal })) {
          const news = toTaskEvent(stored)
          if (news !== undefined) add(news.task, news.stored)
        }
      } finally {
        forget()
      }
    },
    of: async (task, { afterSeq, throughSeq }) => {
      if (first > afterSeq + 1 || !(await reached(throughSeq)) || first > afterSeq + 1) return undefined
      return (byTask.get(taskKey(task)) ?? []).filter(({ seq }) => seq > afterSeq)
    },
  }
}

function sizeOf(event: LedgerEvent): number {
  return EVENT_BYTES + (event.type === 'task.submitted' ? (event.data.attempt.prompt.guidance?.length ?? 0) * 2 : 0)
}
