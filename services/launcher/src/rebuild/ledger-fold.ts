/** What has to be known of the whole ledger to make documents again, and no more: it holds what has not ended. */
import {
  attemptSubject,
  type BranchDocument,
  branchKeyOf,
  type Epoch,
  type LedgerEvent,
  type QueueEntry,
  type TaskRef,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { toEntry } from '../queue/queue.ts'

export interface StartFacts {
  readonly epoch: Epoch
  readonly workloadUid: string
  readonly sequence: number
}

export interface AttemptFacts {
  entry: QueueEntry
  started: StartFacts | undefined
  finished: boolean
}

/** One workspace: attempts that have not ended, and the one that was started last. */
export interface ServiceFacts {
  /** By subject. */
  readonly attempts: Map<string, AttemptFacts>
  newest: AttemptFacts | undefined
}

export interface LedgerFold {
  /** Of the last event that was added. */
  readonly sequence: number
  readonly services: ReadonlyMap<string, ServiceFacts>
  /** Whose first `started` each branch saw, by key. */
  readonly branches: ReadonlyMap<string, BranchDocument>
  /** Whether the ledger holds this submission. */
  isKnown(submittedId: string): boolean
  /** Events come in their order. */
  add(stored: StoredEvent<LedgerEvent>): void
}

export function createLedgerFold(): LedgerFold {
  const services = new Map<string, ServiceFacts>()
  const branches = new Map<string, BranchDocument>()
  const submissions = new Set<string>()
  let sequence = 0

  const serviceOf = ({ service }: Pick<TaskRef, 'service'>): ServiceFacts => {
    const known = services.get(service) ?? { attempts: new Map(), newest: undefined }
    services.set(service, known)
    return known
  }

  const start = (facts: ServiceFacts, attempt: AttemptFacts, stored: StoredEvent<LedgerEvent>): void => {
    if (stored.event.type !== 'attempt.started' || attempt.started !== undefined) return
    const { epoch, workloadUid, repository, branch } = stored.event.data
    attempt.started = { epoch, workloadUid, sequence: stored.seq }
    facts.newest = attempt
    const { service, tag, taskId } = attempt.entry
    const key = branchKeyOf(repository, branch)
    if (!branches.has(key)) branches.set(key, { v: 1, service, tag, taskId, repository, branch })
  }

  return {
    get sequence() {
      return sequence
    },
    services,
    branches,
    isKnown: (submittedId) => submissions.has(submittedId),
    add: (stored) => {
      const { event, seq, subject } = stored
      sequence = seq
      if (event.type === 'task.submitted') {
        const { attempt } = event.data
        submissions.add(event.id)
        const entry = toEntry({ seq, event }, false)
        serviceOf(attempt).attempts.set(attemptSubject(attempt), { entry, started: undefined, finished: false })
        return
      }
      const facts = services.get(subject.split('.')[1] ?? '')
      const attempt = facts?.attempts.get(subject)
      if (facts === undefined || attempt === undefined) return
      if (event.type === 'attempt.started') start(facts, attempt, stored)
      if (event.type === 'task.stopRequested') attempt.entry = { ...attempt.entry, stopRequested: true }
      if (event.type !== 'attempt.finished') return
      attempt.finished = true
      facts.attempts.delete(subject)
    },
  }
}
