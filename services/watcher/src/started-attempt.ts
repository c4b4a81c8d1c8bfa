/** What the ledger says of one attempt, as far as a watcher cares. */
import {
  attemptFolder,
  type AttemptFinished,
  type AttemptRef,
  type AttemptStarted,
  parseSubject,
} from '@orchestrator/shared/contracts'
import type { StoredEvent, SubjectHistory } from '@orchestrator/shared/nats'

/** An attempt whose workload exists, as its `attempt.started` names it. */
export interface StartedAttempt {
  readonly ref: AttemptRef
  /** The attempt's subject in the ledger. */
  readonly subject: string
  /** Of its `attempt.started`. */
  readonly sequence: number
  readonly name: string
  readonly submittedId: string
  readonly runtime: string
  readonly location: string
  readonly workloadUid: string
  /** Of its epoch: from 2 on it is part of the names of its folders. */
  readonly generation: number
  readonly branch: string
  readonly repository: string
}

export interface AttemptHistory {
  readonly started: StartedAttempt | undefined
  readonly stopRequested: boolean
  readonly finished: StoredEvent<AttemptFinished> | undefined
}

export function readHistory({ events }: Pick<SubjectHistory, 'events'>): AttemptHistory {
  let started: StartedAttempt | undefined
  let finished: StoredEvent<AttemptFinished> | undefined
  for (const stored of events) {
    const { event } = stored
    if (event.type === 'attempt.started') started = toStartedAttempt({ ...stored, event })
    if (event.type === 'attempt.finished') finished = { ...stored, event }
  }
  const stopRequested = events.some(({ event }) => event.type === 'task.stopRequested')
  return { started, stopRequested, finished }
}

/** `undefined` when the subject is none of an attempt. */
export function toStartedAttempt({ subject, seq, event }: StoredEvent<AttemptStarted>): StartedAttempt | undefined {
  const parsed = parseSubject(subject)
  if (parsed?.kind !== 'attempt') return undefined
  const { name, submittedId, runtime, location, workloadUid, epoch, branch, repository } = event.data
  const ref = { ...parsed.task, n: parsed.n }
  return {
    ref,
    subject,
    sequence: seq,
    name,
    submittedId,
    runtime,
    location,
    workloadUid,
    generation: epoch.generation,
    branch,
    repository,
  }
}

/** Where the runner keeps the attempt, relative to the workspace. */
export function folderOf({ ref, generation }: Pick<StartedAttempt, 'ref' | 'generation'>): string {
  return attemptFolder(ref, generation)
}
