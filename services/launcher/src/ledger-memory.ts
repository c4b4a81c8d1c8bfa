/**
 * What this process knows of the ledger, so that a look at the world asks only for what is new. Events never change and
 * never leave, so a memory can be behind and never wrong; after a reconnect it begins anew, because a restored ledger may
 * hold less.
 */
import { type AttemptRef, attemptSubject, type TaskSubmitted } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { Ledger, StoredEvent, SubjectHistory } from '@orchestrator/shared/nats'

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
  const learn = (history: SubjectHistory): void => histories.set(history.subject, history)
  return {
    read: async (attempt, signal) => {
      const subject = attemptSubject(attempt)
      const history = await ledger.read(subject, signal, histories.get(subject))
      learn(history)
      return history
    },
    recall: (attempt) => histories.get(attemptSubject(attempt)),
    learn,
    add: (stored) => {
      const known = histories.get(stored.subject)
      if (known === undefined || stored.event.type === 'attempt.progressed') return
      const events = [...known.events, { ...stored, event: stored.event }]
      learn({ subject: stored.subject, events, lastSeq: stored.seq })
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

interface Recent<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  clear(): void
}

/** A map that lets go of what was set longest ago. */
function createRecent<T>(max: number): Recent<T> {
  const values = new Map<string, T>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.delete(key)
      values.set(key, value)
      const [oldest] = values.keys()
      if (values.size > max && oldest !== undefined) values.delete(oldest)
    },
    clear: () => values.clear(),
  }
}
