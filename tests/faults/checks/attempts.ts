/** The ledger, read once into what the checks ask of it. Pure. */
import {
  type AttemptFinished,
  type AttemptStarted,
  parseSubject,
  type StopRequested,
  taskKey,
  type TaskSubmitted,
} from '@orchestrator/shared/contracts'
import type { LedgerMessage } from '../history.ts'

export interface Stored<E> {
  readonly seq: number
  readonly event: E
}

/** One attempt with all that the ledger holds of it. */
export interface LedgerAttempt {
  readonly task: string
  readonly n: number
  readonly name: string
  readonly submitted: Stored<TaskSubmitted>
  readonly started: readonly Stored<AttemptStarted>[]
  readonly stops: readonly Stored<StopRequested>[]
  readonly finished: readonly Stored<AttemptFinished>[]
  /** Of any message on its subject. */
  readonly lastSeq: number
}

export interface LedgerReading {
  readonly attempts: readonly LedgerAttempt[]
  readonly byName: ReadonlyMap<string, LedgerAttempt>
  readonly bySubmittedId: ReadonlyMap<string, LedgerAttempt>
  /** Messages that fit nowhere: unreadable, on a strange subject, of an attempt that was never submitted. */
  readonly strays: readonly string[]
}

interface Growing extends LedgerAttempt {
  started: Stored<AttemptStarted>[]
  stops: Stored<StopRequested>[]
  finished: Stored<AttemptFinished>[]
  lastSeq: number
}

export function readLedger(messages: readonly LedgerMessage[]): LedgerReading {
  const attempts = new Map<string, Growing>()
  const extra: Growing[] = []
  const strays: string[] = []
  for (const message of messages) {
    const submitted = readSubmitted(message)
    if (submitted === undefined) continue
    const key = `${submitted.task}/${submitted.n}`
    if (attempts.has(key)) extra.push(submitted)
    else attempts.set(key, submitted)
  }
  for (const message of messages) {
    if (!place(message, attempts))
      strays.push(`${message.seq} on ${message.subject}: ${message.event?.type ?? 'unreadable'}`)
  }
  const all = [...attempts.values(), ...extra]
  return {
    attempts: all,
    byName: new Map(all.map((attempt) => [attempt.name, attempt])),
    bySubmittedId: new Map(all.map((attempt) => [attempt.submitted.event.id, attempt])),
    strays,
  }
}

function readSubmitted({ seq, subject, event }: LedgerMessage): Growing | undefined {
  if (event?.type !== 'task.submitted' || parseSubject(subject)?.kind !== 'task') return undefined
  const { attempt } = event.data
  return {
    task: taskKey(attempt),
    n: attempt.n,
    name: attempt.name,
    submitted: { seq, event },
    started: [],
    stops: [],
    finished: [],
    lastSeq: 0,
  }
}

function place({ seq, subject, event }: LedgerMessage, attempts: ReadonlyMap<string, Growing>): boolean {
  const parsed = parseSubject(subject)
  if (event === undefined || parsed === undefined) return false
  if (parsed.kind === 'workspace') return event.type === 'workspace.released'
  if (parsed.kind === 'task') return event.type === 'task.submitted'
  if (parsed.kind !== 'attempt') return false
  const attempt = attempts.get(`${taskKey(parsed.task)}/${parsed.n}`)
  if (attempt === undefined) return false
  attempt.lastSeq = Math.max(attempt.lastSeq, seq)
  if (event.type === 'attempt.started') attempt.started.push({ seq, event })
  else if (event.type === 'task.stopRequested') attempt.stops.push({ seq, event })
  else if (event.type === 'attempt.finished') attempt.finished.push({ seq, event })
  else return false
  return true
}
