import { type LedgerEvent, taskKey, type TaskRef } from '@orchestrator/shared/contracts'
import type { Ledger, StoredEvent } from '@orchestrator/shared/nats'
import { toTaskEvent } from './routing.ts'
import { isFirstAfter, isNext } from './succession.ts'

/** What is remembered, roughly, in bytes. */
const REMEMBERED_MAX_BYTES = 16 * 1024 * 1024
/** Of an event besides the one text in it that may be long. */
const EVENT_BYTES = 4 * 1024

type Stored = StoredEvent<LedgerEvent>

export interface Range {
  readonly afterSeq: number
  readonly throughSeq: number
  readonly signal: AbortSignal
}

/** What this replica was given of the ledger just now, so that what is told soon after it happened need not be searched. */
export interface RecentEvents {
  add(task: TaskRef, stored: Stored): void
  /** All events of a task after `afterSeq`, up to `throughSeq` at least; `undefined` when that is not known for sure. */
  of(task: TaskRef, range: Range): Promise<readonly Stored[] | undefined>
  /** After an interruption nothing of before is relied on. */
  forget(): void
}

/** For each task a run of events without a gap. */
export function createRecentEvents(ledger: Pick<Ledger, 'get'>, maxBytes = REMEMBERED_MAX_BYTES): RecentEvents {
  const runs = new Map<string, Stored[]>()
  /** Of each event the key of its task, oldest first. */
  const arrived = new Map<Stored, string>()
  let bytes = 0

  const isFull = (): boolean => bytes > maxBytes

  const drop = (stored: Stored): void => {
    if (arrived.delete(stored)) bytes -= sizeOf(stored)
  }

  const dropOldest = (): void => {
    const [oldest] = arrived
    if (oldest === undefined) return
    const [stored, key] = oldest
    const run = runs.get(key)
    run?.shift()
    if (run?.length === 0) runs.delete(key)
    drop(stored)
  }

  const add = (task: TaskRef, stored: Stored): void => {
    const key = taskKey(task)
    const run = runs.get(key) ?? []
    const last = run.at(-1)
    if (last !== undefined && stored.seq <= last.seq) return
    const goesOn = last !== undefined && isNext(last, stored)
    if (!goesOn) for (const old of run.splice(0)) drop(old)
    run.push(stored)
    runs.set(key, run)
    arrived.set(stored, key)
    bytes += sizeOf(stored)
    while (isFull()) dropOldest()
  }

  const newestOf = (task: TaskRef): number => runs.get(taskKey(task))?.at(-1)?.seq ?? 0

  const known = (task: TaskRef, { afterSeq, throughSeq }: Range): readonly Stored[] | undefined => {
    const run = runs.get(taskKey(task)) ?? []
    const begin = run.findIndex(({ seq }) => seq > afterSeq)
    const first = run[begin]
    if (first === undefined || newestOf(task) < throughSeq) return undefined
    return begin > 0 || isFirstAfter(afterSeq, first) ? run.slice(begin) : undefined
  }

  return {
    add,
    of: async (task, range) => {
      const found = known(task, range)
      if (found !== undefined || newestOf(task) >= range.throughSeq) return found
      const stored = await ledger.get(range.throughSeq, range.signal)
      const news = stored === undefined ? undefined : toTaskEvent(stored)
      if (news === undefined) return undefined
      add(task, news.stored)
      return known(task, range)
    },
    forget: () => {
      runs.clear()
      arrived.clear()
      bytes = 0
    },
  }
}

function sizeOf({ event }: Stored): number {
  return EVENT_BYTES + (event.type === 'task.submitted' ? (event.data.attempt.prompt.guidance?.length ?? 0) * 2 : 0)
}
