/**
 * Makes the documents again from the ledger while launchers run: every write names the revision that was read before the
 * ledger was, so it may be cut anywhere, run twice, and never takes a workspace from its holder.
 */
import {
  type BranchDocument,
  type DocumentsReport,
  sameTask,
  type SlotDocument,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import { hasCode, RetryableError } from '@orchestrator/shared/core'
import type { Ledger, RepairableDocuments } from '@orchestrator/shared/nats'
import { claimOf } from '../branch-claim.ts'
import { takeSlots } from '../queue/slot-store.ts'
import { capsFor, chooseSlots } from '../queue/slots.ts'
import type { World } from '../world.ts'
import { createLedgerFold, type LedgerFold } from './ledger-fold.ts'
import { makeDocument, repairDocument } from './repair-document.ts'

export interface RebuildWorld extends Pick<World, 'memory' | 'settings' | 'wake' | 'logger'> {
  readonly ledger: Pick<Ledger, 'scan' | 'lastSeq'>
  readonly workspaces: RepairableDocuments<WorkspaceDocument>
  readonly slots: RepairableDocuments<SlotDocument>
  readonly branches: RepairableDocuments<BranchDocument>
}

export interface RebuildRun {
  readonly world: RebuildWorld
  readonly onProgress: (progress: Pick<DocumentsReport, 'sequence' | 'of' | 'written'>) => void
  readonly signal: AbortSignal
}

const MAX_ROUNDS = 50
const TOLD_EVERY = 1000
const WRITES_AT_ONCE = 32
const SUBJECTS = ['task.*.*.*', 'attempt.*.*.*.*']

/** @throws RetryableError EVENT_TOO_NEW, DOCUMENT_CONFLICT, BROKER_UNAVAILABLE; TerminalError EVENT_UNREADABLE */
export async function rebuildDocuments({ world, onProgress, signal }: RebuildRun): Promise<DocumentsReport['written']> {
  const fold = createLedgerFold()
  const written = { workspaces: 0, slots: 0, branches: 0 }
  const catchUp = async (): Promise<void> => {
    const of = await world.ledger.lastSeq(signal)
    let count = 0
    // A `started` that is passed over would free a workspace that is not.
    for await (const stored of world.ledger.scan({
      subjects: SUBJECTS,
      fromSeq: fold.sequence + 1,
      refuse: 'all',
      signal,
    })) {
      fold.add(stored)
      count += 1
      if (count % TOLD_EVERY === 0) onProgress({ sequence: fold.sequence, of, written })
    }
    onProgress({ sequence: fold.sequence, of, written })
  }
  const rounds = { world, fold, catchUp, signal }
  await catchUp()
  written.branches = await repeat(() => repairBranches(rounds), signal)
  written.workspaces = await repeat(() => repairWorkspaces(rounds), signal)
  written.slots = await repeat(() => repairSlots(rounds), signal)
  onProgress({ sequence: fold.sequence, of: fold.sequence, written })
  return written
}

interface Rounds {
  readonly world: RebuildWorld
  readonly fold: LedgerFold
  readonly catchUp: () => Promise<void>
  readonly signal: AbortSignal
}

interface Round {
  readonly written: number
  /** Somebody else was faster: these are looked at again. */
  readonly lost: number
}

async function repeat(round: () => Promise<Round>, signal: AbortSignal): Promise<number> {
  let sum = 0
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    signal.throwIfAborted()
    const { written, lost } = await round()
    sum += written
    if (lost === 0) return sum
  }
  throw new RetryableError('DOCUMENT_CONFLICT', 'the documents change all the time')
}

/** First the documents, then the ledger: so nothing that is written is older than what it replaces. */
async function repairWorkspaces({ world, fold, catchUp }: Rounds): Promise<Round> {
  const { workspaces, wake } = world
  const isKnown = (submittedId: string): boolean => fold.isKnown(submittedId)
  const [documents, unreadable] = await listAll(workspaces)
  await catchUp()
  const writes = [...new Set([...fold.services.keys(), ...documents.keys()])].flatMap((service) => {
    const [known, damaged] = [documents.get(service), unreadable.get(service)]
    const facts = fold.services.get(service)
    if (known === undefined && damaged?.newer === true) return []
    const next = known === undefined ? makeDocument(service, facts) : repairDocument(known.value, { facts, isKnown })
    if (next === known?.value) return []
    const write = put(workspaces, { key: service, value: next, revision: known?.revision ?? damaged?.revision })
    return [async () => await write().finally(() => wake(service))]
  })
  return await writeAll(writes)
}

/** Whoever has a workspace has the places that its caps ask for, as far as there are any. */
async function repairSlots({ world }: Rounds): Promise<Round> {
  const { workspaces, slots, settings, logger } = world
  const [, unreadable] = await listAll(slots)
  const damaged = [...unreadable.values()].filter(({ newer }) => !newer)
  const removals = await writeAll(
    damaged.map(
      ({ key, revision }) =>
        () =>
          slots.remove(key, revision),
    ),
  )
  let { written, lost } = removals
  for (const { value } of await workspaces.list()) {
    const { grant } = value
    const caps = grant === null ? [] : capsFor(grant.agent, settings.caps)
    if (grant === null || caps.length === 0) continue
    const choice = chooseSlots(grant, caps, await slots.list())
    if (choice.kind === 'full') {
      logger.warn(
        { attempt: grant.name, cap: choice.cap.name },
        'no place is left for an attempt that has its workspace',
      )
    } else if (choice.kind === 'enough' && choice.take.length > 0) {
      const taking = await takeSlots(slots, grant, choice)
      if (taking.kind === 'taken') written += choice.take.length
      else lost += 1
    }
  }
  return { written, lost }
}

/** From the first `started` of each branch, then from the grants that may have claimed one and not started yet. */
async function repairBranches({ world, fold, signal }: Rounds): Promise<Round> {
  const { branches, workspaces, memory } = world
  const [claims, unreadable] = await listAll(branches)
  const wanted = new Map(fold.branches)
  for (const { value } of await workspaces.list()) {
    if (value.grant === null || value.grant.workloadUid !== null || !fold.isKnown(value.grant.submittedId)) continue
    const { attempt } = (await memory.submission(value.grant, signal)).data
    const claim = claimOf(attempt)
    if (!wanted.has(claim.key) && !claims.has(claim.key)) wanted.set(claim.key, claim.value)
  }
  const writes = [...wanted].flatMap(([key, value]) => {
    const [known, damaged] = [claims.get(key), unreadable.get(key)]
    if (known === undefined ? damaged?.newer === true : sameTask(known.value, value)) return []
    return [put(branches, { key, value, revision: known?.revision ?? damaged?.revision })]
  })
  return await writeAll(writes)
}

async function listAll<T>(
  documents: RepairableDocuments<T>,
): Promise<
  readonly [
    ReadonlyMap<string, { readonly value: T; readonly revision: number }>,
    ReadonlyMap<string, { readonly key: string; readonly revision: number; readonly newer: boolean }>,
  ]
> {
  const unreadable = await documents.unreadable()
  const readable = await documents.list()
  return [new Map(readable.map((entry) => [entry.key, entry])), new Map(unreadable.map((entry) => [entry.key, entry]))]
}

interface Put<T> {
  readonly key: string
  readonly value: T
  /** Undefined where there is none. */
  readonly revision: number | undefined
}

function put<T>(documents: RepairableDocuments<T>, { key, value, revision }: Put<T>): () => Promise<unknown> {
  return async () =>
    revision === undefined ? await documents.create(key, value) : await documents.update(key, value, revision)
}

async function writeAll(writes: readonly (() => Promise<unknown>)[]): Promise<Round> {
  const round = { written: 0, lost: 0 }
  const left = [...writes]
  const work = async (): Promise<void> => {
    for (let write = left.pop(); write !== undefined; write = left.pop()) {
      if (await unlessConflict(write)) round.written += 1
      else round.lost += 1
    }
  }
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, work))
  return round
}

async function unlessConflict(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (hasCode(error, 'DOCUMENT_CONFLICT')) return false
    throw error
  }
}
