/**
 * What this process knows of the ledger, so that a look at the world asks only for what is new. Events never change and
 * never leave, so a memory can be behind and never wrong; after a reconnect it begins anew, because a restored ledger may
 * hold less.
 */
import { type AttemptRef, attemptSubject, type TaskSubmitted } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { Ledger, StoredEvent, SubjectHistory } from '@orchestrator/shared/nats'
import { readAttempt } from './attempt-history.ts'
import { createRecent } from './recent.ts'

/** Which `task.submitted` is meant. */
export interface SubmissionRef {
  readonly name: string
  readonly submittedId: string
  readonly sequence: number
}

export interface LedgerMemory {
  /** The attempt's subject now: asks for what was added since it was last read or written here. */
  read(attempt: AttemptRef, signal: AbortSignal): Promise<SubjectHistory>
  /** As last read or written here; `undefined` when it is not remembered. */
  recall(attempt: AttemptRef): SubjectHistory | undefined
  /** What a publish has read back of the subject. */
  learn(history: SubjectHistory): void
  /** What a publish has just added, expecting what is remembered. */
  add(stored: StoredEvent): void
  /** A message of the ledger: the end of an attempt whose start is remembered completes what is known of it. */
  hear(stored: StoredEvent): void
  /**
   * The attempt whose submission has just come, a moment after it was made: as far as is known nothing was said of it.
   * If something was, what is published on this is refused.
   */
  begin(attempt: AttemptRef): SubjectHistory
  /** Once: what {@link begin} has given. */
  begun(attempt: AttemptRef): SubjectHistory | undefined
  /** The highest sequence of the ledger that came by here; 0 before any. */
  readonly lastSeen: number
  /** @throws RetryableError LEDGER_CONFLICT when there is none */
  submission(ref: SubmissionRef, signal: AbortSignal): Promise<TaskSubmitted>
  /** A delivered `task.submitted` needs no reading. */
  noteSubmission(event: TaskSubmitted): void
  forgetAll(): void
}

/** Of attempts, each a few kilobytes at most. */
const HISTORIES_MAX = 1000
/** Of submissions, each with texts that may be long. */
const SUBMISSIONS_MAX = 256

export function createLedgerMemory(ledger: Pick<Ledger, 'read' | 'get'>): LedgerMemory {
  const histories = createRecent<SubjectHistory>(HISTORIES_MAX)
  const submissions = createRecent<TaskSubmitted>(SUBMISSIONS_MAX)
  const begun = createRecent<true>(SUBMISSIONS_MAX)
  let lastSeen = 0
  const learn = (history: SubjectHistory): void => {
    histories.set(history.subject, history)
    lastSeen = Math.max(lastSeen, history.lastSeq)
  }
  const append = (known: SubjectHistory, { event, ...stored }: StoredEvent): void => {
    if (event.type === 'attempt.progressed') return
    learn({ subject: known.subject, events: [...known.events, { ...stored, event }], lastSeq: stored.seq })
  }
  return {
    get lastSeen() {
      return lastSeen
    },
    read: async (attempt, signal) => {
      const subject = attemptSubject(attempt)
      const known = histories.get(subject)
      // Nothing follows an end.
      if (known?.events.at(-1)?.event.type === 'attempt.finished') return known
      const history = await ledger.read(subject, signal, known)
      learn(history)
      return history
    },
    recall: (attempt) => histories.get(attemptSubject(attempt)),
    learn,
    add: (stored) => {
      const known = histories.get(stored.subject)
      if (known !== undefined) append(known, stored)
    },
    hear: (stored) => {
      lastSeen = Math.max(lastSeen, stored.seq)
      if (stored.event.type !== 'attempt.finished') return
      const known = histories.get(stored.subject)
      // Without a start the end may be of a workload that is not known here.
      const { started, finished } = readAttempt(known ?? { events: [] })
      if (known !== undefined && started !== undefined && finished === undefined) append(known, stored)
    },
    begin: (attempt) => {
      const subject = attemptSubject(attempt)
      begun.set(subject, true)
      const history = histories.get(subject) ?? { subject, events: [], lastSeq: 0 }
      learn(history)
      return history
    },
    begun: (attempt) => {
      const subject = attemptSubject(attempt)
      const isBegun = begun.get(subject)
      begun.delete(subject)
      return isBegun && histories.get(subject)
    },
    submission: async (ref, signal) => {
      const known = submissions.get(ref.submittedId)
      if (known !== undefined) return known
      const event = await readSubmission(ledger, ref, signal)
      submissions.set(event.id, event)
      return event
    },
    noteSubmission: (event) => submissions.set(event.id, event),
    forgetAll: () => {
      histories.clear()
      submissions.clear()
      begun.clear()
      lastSeen = 0
    },
  }
}

async function readSubmission(
  ledger: Pick<Ledger, 'get'>,
  { sequence, submittedId, name }: SubmissionRef,
  signal: AbortSignal,
): Promise<TaskSubmitted> {
  const stored = await ledger.get(sequence, signal)
  if (stored?.event.type === 'task.submitted' && stored.event.id === submittedId) return stored.event
  throw new RetryableError('LEDGER_CONFLICT', `the ledger has no submission of ${name} at ${sequence}`)
}
