/**
 * What the ledger's expectations say about the order of a task's events, so that what comes after an event is known
 * without reading the ledger. Pure.
 *
 * All of an attempt is on one subject, where each message names its predecessor. An attempt begins after its
 * `task.submitted`, and the next one is submitted only after its end: so the attempts of a task do not overlap.
 */
import { type LedgerEvent, parseSubject } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { isFirstOfTask } from './first-word.ts'

type Stored = StoredEvent<LedgerEvent>

/** True when nothing of their task lies between the two. */
export function isNext(previous: Stored, next: Stored): boolean {
  const before = previous.event
  if (next.event.type === 'task.submitted')
    return before.type === 'attempt.finished' && attemptOf(previous) === next.event.data.attempt.n - 1
  if (next.expectedSeq === 0) return before.type === 'task.submitted' && attemptOf(next) === before.data.attempt.n
  return next.expectedSeq === previous.seq
}

/** True when nothing of its task lies above a sequence and below the event. */
export function isFirstAfter(seq: number, event: Stored): boolean {
  if (isFirstOfTask(event)) return true
  const { expectedSeq = 0 } = event
  return event.event.type !== 'task.submitted' && expectedSeq > 0 && expectedSeq <= seq
}

function attemptOf({ subject }: Stored): number | undefined {
  const parsed = parseSubject(subject)
  return parsed?.kind === 'attempt' ? parsed.n : undefined
}
