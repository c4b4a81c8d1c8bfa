/** The document of a workspace as the ledger bears it out. Pure. */
import type { Grant, LedgerEvent, WorkspaceDocument } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { emptyDocument, note } from '../queue/queue.ts'
import { type AttemptFacts, createLedgerFold, type ServiceFacts } from './ledger-fold.ts'

/** A lost document, made again. @param events everything on the task and attempt subjects of one service */
export function rebuildDocument(service: string, events: readonly StoredEvent<LedgerEvent>[]): WorkspaceDocument {
  const fold = createLedgerFold()
  for (const event of events) fold.add(event)
  return makeDocument(service, fold.services.get(service))
}

/**
 * The attempt that has a workload and has not ended becomes the grant, else the one that was started last: only its proof
 * of release frees the workspace. Everything else that has not ended waits.
 */
export function makeDocument(service: string, facts: ServiceFacts | undefined): WorkspaceDocument {
  const holder = running(facts) ?? facts?.newest
  return noteAll({ ...emptyDocument(service), grant: toGrant(holder) }, facts)
}

export interface Repairing {
  readonly facts: ServiceFacts | undefined
  readonly isKnown: (submittedId: string) => boolean
}

/**
 * A document that can be read keeps its grant while the ledger knows of it: whoever holds a workspace never loses it. What
 * the ledger has is added, what it does not have, or has as ended, goes.
 * @param document read before the ledger @returns the very same object when it is right
 */
export function repairDocument(document: WorkspaceDocument, { facts, isKnown }: Repairing): WorkspaceDocument {
  const { grant } = document
  if (grant !== null && !isKnown(grant.submittedId)) return makeDocument(document.service, facts)
  const alive = new Set([...(facts?.attempts.values() ?? [])].map(({ entry }) => entry.submittedId))
  const entries = document.entries.filter(({ submittedId }) => alive.has(submittedId))
  const kept = entries.length === document.entries.length ? document : { ...document, entries }
  const holder = grant === null ? running(facts) : undefined
  return noteAll(holder === undefined ? kept : withGrant(kept, holder), facts)
}

function withGrant(document: WorkspaceDocument, holder: AttemptFacts): WorkspaceDocument {
  const entries = document.entries.filter(({ submittedId }) => submittedId !== holder.entry.submittedId)
  return { ...document, entries, grant: toGrant(holder) }
}

/** Of several the one that was started last. */
function running(facts: ServiceFacts | undefined): AttemptFacts | undefined {
  const started = [...(facts?.attempts.values() ?? [])].filter((attempt) => attempt.started !== undefined)
  return started.toSorted((a, b) => (a.started?.sequence ?? 0) - (b.started?.sequence ?? 0)).at(-1)
}

function toGrant(attempt: AttemptFacts | undefined): Grant | null {
  if (attempt?.started === undefined) return null
  const { entry, started, finished } = attempt
  return { ...entry, epoch: started.epoch, slots: [], workloadUid: started.workloadUid, finished }
}

function noteAll(document: WorkspaceDocument, facts: ServiceFacts | undefined): WorkspaceDocument {
  const waiting = [...(facts?.attempts.values() ?? [])]
  return waiting.reduce((before, { entry }) => note(before, { entry, finished: false }), document)
}
