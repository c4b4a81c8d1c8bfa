/** A lost workspace document, made again from the ledger. */
import {
  attemptSubject,
  type Grant,
  type LedgerEvent,
  type QueueEntry,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { eventsOf, readAttempt } from './attempt-history.ts'
import { emptyDocument, note, toEntry } from './queue.ts'

/**
 * The newest `started` of the workspace becomes the grant, finished or not: only its proof of release frees the
 * workspace. Everything else that is not finished waits.
 *
 * @param events everything on the task and attempt subjects of one service
 */
export function rebuildDocument(service: string, events: readonly StoredEvent<LedgerEvent>[]): WorkspaceDocument {
  const bySubject = Map.groupBy(events, ({ subject }) => subject)
  const attempts = eventsOf(events, 'task.submitted').map((submission) => {
    const history = readAttempt({ events: bySubject.get(attemptSubject(submission.event.data.attempt)) ?? [] })
    return { entry: toEntry(submission, history.stop !== undefined), history }
  })
  const grant = newestGrant(
    attempts.map(({ entry }) => entry),
    events,
    bySubject,
  )
  const waiting = attempts.filter(({ entry }) => entry.submittedId !== grant?.submittedId)
  return waiting.reduce(
    (document, { entry, history }) => note(document, { entry, finished: history.finished !== undefined }),
    { ...emptyDocument(service), grant },
  )
}

function newestGrant(
  entries: readonly QueueEntry[],
  events: readonly StoredEvent<LedgerEvent>[],
  bySubject: ReadonlyMap<string, readonly StoredEvent<LedgerEvent>[]>,
): Grant | null {
  const newest = eventsOf(events, 'attempt.started').at(-1)
  const entry = entries.find(({ submittedId }) => submittedId === newest?.event.data.submittedId)
  if (newest === undefined || entry === undefined) return null
  const { epoch, workloadUid } = newest.event.data
  const finished = readAttempt({ events: bySubject.get(newest.subject) ?? [] }).finished !== undefined
  return { ...entry, epoch, slots: [], workloadUid, finished }
}
