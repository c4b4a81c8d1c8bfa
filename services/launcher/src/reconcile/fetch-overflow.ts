import {
  attemptSubject,
  QUEUE_MAX_ENTRIES,
  type QueueEntry,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import type { Ledger } from '@orchestrator/shared/nats'
import { readAttempt } from '../memory/attempt-history.ts'
import { type Refill, toEntry } from '../queue/queue.ts'

/** The next waiting attempts from the ledger, for a document that could not hold all. Called after the document was read. */
export async function fetchOverflow(ledger: Ledger, document: WorkspaceDocument, signal: AbortSignal): Promise<Refill> {
  const entries: QueueEntry[] = []
  const room = QUEUE_MAX_ENTRIES - document.entries.length
  const fromSeq = (document.overflowAfter ?? 0) + 1
  const subjects = [`task.${document.service}.*.*`]
  // What is passed over here is not looked at again: a newer release must fetch it.
  for await (const { seq, event } of ledger.scan({ subjects, fromSeq, refuse: 'newer', signal })) {
    if (event.type !== 'task.submitted') continue
    const last = entries.at(-1)
    if (last !== undefined && entries.length >= room) return { entries, lookedUpTo: last.sequence }
    const { stop, finished } = readAttempt(await ledger.read(attemptSubject(event.data.attempt), signal))
    if (finished === undefined) entries.push(toEntry({ seq, event }, stop !== undefined))
  }
  return { entries, lookedUpTo: null }
}
