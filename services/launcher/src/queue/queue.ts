/**
 * The document of one workspace as a value: who has the workspace, who waits, in which order. Every function gives the
 * next document, and the very same object where nothing changes, so that repeats and late messages cost no write.
 */
import {
  type Epoch,
  type Grant,
  QUEUE_MAX_ENTRIES,
  type QueueEntry,
  type TaskSubmitted,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'

/** With fewer entries than this left, those beyond `overflowAfter` are fetched from the ledger. */
const REFILL_BELOW = QUEUE_MAX_ENTRIES / 2

export function emptyDocument(service: string): WorkspaceDocument {
  return { v: 1, service, grant: null, entries: [], overflowAfter: null }
}

export interface Submission {
  readonly seq: number
  readonly event: TaskSubmitted
}

export function toEntry({ seq, event }: Submission, stopRequested: boolean): QueueEntry {
  const { service, tag, taskId, n, name, agent } = event.data.attempt
  return { service, tag, taskId, n, name, agent, submittedId: event.id, sequence: seq, stopRequested }
}

/** What the ledger says of an attempt, read after the document that it is noted in. */
export interface Noted {
  readonly entry: QueueEntry
  readonly finished: boolean
}

/**
 * Lets an attempt in, or marks its stop: the answer to every message that names it. A finished one never enters, a
 * known one never enters twice, and one beyond the overflow stays in the ledger.
 */
export function note(document: WorkspaceDocument, { entry, finished }: Noted): WorkspaceDocument {
  if (knows(document, entry.submittedId)) return entry.stopRequested ? markStop(document, entry.submittedId) : document
  return finished || isBeyond(document, entry) ? document : admit(document, entry)
}

/**
 * True for an attempt that stays in the ledger for now. The document must then be written even so: who fetches the
 * rest of the queue at this moment has not seen this attempt and may only go on if the revision is still the same.
 */
export function isBeyond({ overflowAfter }: WorkspaceDocument, { sequence }: Pick<QueueEntry, 'sequence'>): boolean {
  return overflowAfter !== null && sequence > overflowAfter
}

function knows({ grant, entries }: WorkspaceDocument, submittedId: string): boolean {
  return grant?.submittedId === submittedId || entries.some((entry) => entry.submittedId === submittedId)
}

function markStop(document: WorkspaceDocument, submittedId: string): WorkspaceDocument {
  const { grant, entries } = document
  if (grant?.submittedId === submittedId) {
    return grant.stopRequested ? document : { ...document, grant: { ...grant, stopRequested: true } }
  }
  if (entries.some((entry) => entry.submittedId === submittedId && entry.stopRequested)) return document
  const marked = entries.map((entry) => (entry.submittedId === submittedId ? { ...entry, stopRequested: true } : entry))
  return { ...document, entries: marked }
}

function admit(document: WorkspaceDocument, entry: QueueEntry): WorkspaceDocument {
  return withEntries(document, [...document.entries, entry], document.overflowAfter)
}

/** Sorts, keeps the oldest that fit and remembers from where on the others are read from the ledger. */
function withEntries(
  document: WorkspaceDocument,
  all: readonly QueueEntry[],
  overflowAfter: number | null,
): WorkspaceDocument {
  const entries = all.toSorted((a, b) => a.sequence - b.sequence)
  const kept = entries.slice(0, QUEUE_MAX_ENTRIES)
  const cut = entries.length > kept.length
  return { ...document, entries: kept, overflowAfter: cut ? (kept.at(-1)?.sequence ?? null) : overflowAfter }
}

export function needsRefill({ entries, overflowAfter }: WorkspaceDocument): boolean {
  return overflowAfter !== null && entries.length < REFILL_BELOW
}

export interface Refill {
  /** Unfinished attempts beyond the overflow, oldest first. */
  readonly entries: readonly QueueEntry[]
  /** Every submission up to this sequence was looked at; `null`: there are no more. */
  readonly lookedUpTo: number | null
}

export function refill(document: WorkspaceDocument, { entries, lookedUpTo }: Refill): WorkspaceDocument {
  const fresh = entries.filter(({ submittedId }) => !knows(document, submittedId))
  return withEntries(document, [...document.entries, ...fresh], lookedUpTo)
}

/** Takes out an entry whose `finished` is in the ledger: the only way out but the grant. */
export function dropFinished(document: WorkspaceDocument, submittedId: string): WorkspaceDocument {
  const entries = document.entries.filter((entry) => entry.submittedId !== submittedId)
  return entries.length === document.entries.length ? document : { ...document, entries }
}

/** The workspace is free, and nobody else waits for it. */
export function hasTurn({ grant, entries, overflowAfter }: WorkspaceDocument, entry: QueueEntry): boolean {
  const [head, next] = entries
  const isAlone = head?.submittedId === entry.submittedId && next === undefined && overflowAfter === null
  return isAlone && grant === null && !entry.stopRequested
}

export interface Granting {
  readonly epoch: Epoch
  readonly slots: readonly string[]
  /** Of a `started` that is already in the ledger, else null. */
  readonly workloadUid: string | null
}

/** Gives the free workspace to a waiting entry. */
export function grantTo(document: WorkspaceDocument, entry: QueueEntry, granting: Granting): WorkspaceDocument {
  const { epoch, slots, workloadUid } = granting
  const given: Grant = { ...entry, epoch, slots: [...slots], workloadUid, finished: false }
  return { ...dropFinished(document, entry.submittedId), grant: given }
}

/** Its end is in the ledger, and something of this workload may still run. */
export function noteFinished(document: WorkspaceDocument, workloadUid: string): WorkspaceDocument {
  return document.grant === null ? document : { ...document, grant: { ...document.grant, workloadUid, finished: true } }
}

/** The workspace is free: its last attempt is finished and nothing of it runs. */
export function release(document: WorkspaceDocument): WorkspaceDocument {
  return { ...document, grant: null }
}
