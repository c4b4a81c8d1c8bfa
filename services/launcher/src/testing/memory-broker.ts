/** The broker's ports in memory, strict about every condition. Shared by all replicas of a test. */
import {
  type AttemptProgressed,
  BranchDocument,
  type LedgerEvent,
  SlotDocument,
  WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import type {
  ConditionalPublish,
  Ledger,
  Progress,
  Published,
  RepairableDocuments,
  ScanOptions,
  StoredEvent,
  SubjectHistory,
} from '@orchestrator/shared/nats'
import type { z } from 'zod'

export interface MemoryBroker {
  readonly ledger: Ledger
  readonly progress: Progress
  readonly workspaces: RepairableDocuments<WorkspaceDocument>
  readonly slots: RepairableDocuments<SlotDocument>
  readonly branches: RepairableDocuments<BranchDocument>
  /** The ledger as it is. */
  readonly events: readonly StoredEvent<LedgerEvent>[]
  readonly said: readonly AttemptProgressed[]
  /** Appends as someone else would, whatever is there. */
  append(subject: string, event: LedgerEvent): number
  /** From now on the subject also holds an event that this release cannot read. */
  spoil(subject: string, code: 'EVENT_TOO_NEW' | 'EVENT_UNREADABLE'): void
}

export function createMemoryBroker(): MemoryBroker {
  const events: StoredEvent<LedgerEvent>[] = []
  const said: AttemptProgressed[] = []
  const append = (subject: string, event: LedgerEvent): number => {
    events.push({ seq: events.length + 1, subject, time: new Date(0), event })
    return events.length
  }
  const spoiled = new Map<string, Error>()
  return {
    ledger: createMemoryLedger(events, { append, spoiled }),
    progress: createMemoryProgress(said),
    workspaces: createMemoryDocuments(WorkspaceDocument),
    slots: createMemoryDocuments(SlotDocument),
    branches: createMemoryDocuments(BranchDocument),
    events,
    said,
    append,
    spoil: (subject, code) => {
      const isNewer = code === 'EVENT_TOO_NEW'
      spoiled.set(subject, isNewer ? new RetryableError(code, subject) : new TerminalError(code, subject))
    },
  }
}

interface MemoryLedgerParts {
  readonly append: MemoryBroker['append']
  readonly spoiled: ReadonlyMap<string, Error>
}

function createMemoryLedger(events: StoredEvent<LedgerEvent>[], { append, spoiled }: MemoryLedgerParts): Ledger {
  const historyOf = (subject: string): SubjectHistory => {
    const spoil = spoiled.get(subject)
    if (spoil !== undefined) throw spoil
    const own = events.filter((stored) => stored.subject === subject)
    return { subject, events: own, lastSeq: own.at(-1)?.seq ?? 0 }
  }
  const publish = async <T>({ subject, optimistic, decide }: ConditionalPublish<T>): Promise<Published<T>> => {
    for (let first = optimistic; ; first = undefined) {
      const decision = first ?? (await decide(historyOf(subject)))
      if (decision.kind === 'settled') return decision
      if (historyOf(subject).lastSeq !== decision.expectedSeq) continue
      const stored = events[append(subject, decision.event) - 1]
      if (stored !== undefined) return { kind: 'stored', stored }
    }
  }
  return {
    generation: 1,
    views: 0,
    outdateViews: () => Promise.reject(new Error('not part of this fake')),
    publish,
    read: async (subject) => historyOf(subject),
    get: (seq) => Promise.resolve(events[seq - 1]),
    lastSeq: () => Promise.resolve(events.length),
    room: () => Promise.resolve({ freeBytes: 1, freeShare: 1 }),
    scan: (options) => scan(events, options, spoiled),
    follow: () => {
      throw new Error('not part of this fake')
    },
  }
}

async function* scan(
  events: readonly StoredEvent<LedgerEvent>[],
  { subjects = ['>'], fromSeq = 1, refuse }: ScanOptions,
  spoiled: ReadonlyMap<string, Error>,
): AsyncGenerator<StoredEvent<LedgerEvent>> {
  const patterns = subjects.map(
    (subject) =>
      new RegExp(
        `^${subject
          .replaceAll('.', String.raw`\.`)
          .replaceAll('*', '[^.]+')
          .replaceAll('>', '.+')}$`,
      ),
  )
  for (const [subject, error] of spoiled) {
    const isRefused = refuse === 'all' || (refuse === 'newer' && error instanceof RetryableError)
    if (isRefused && patterns.some((pattern) => pattern.test(subject))) throw error
  }
  for (const stored of events.slice()) {
    if (stored.seq >= fromSeq && patterns.some((pattern) => pattern.test(stored.subject))) yield stored
  }
}

function createMemoryProgress(said: AttemptProgressed[]): Progress {
  return {
    publish: (_subject, event) => {
      said.push(event)
      return Promise.resolve()
    },
    follow: () => {
      throw new Error('not part of this fake')
    },
    lastSeq: () => Promise.resolve(said.length),
  }
}

function createMemoryDocuments<T>(schema: z.ZodType<T>): RepairableDocuments<T> {
  const entries = new Map<string, { readonly text: string; readonly revision: number }>()
  let revision = 0
  const put = (key: string, value: T): number => {
    revision += 1
    entries.set(key, { text: JSON.stringify(value), revision })
    return revision
  }
  const expectRevision = (key: string, expected: number | undefined): void => {
    if (entries.get(key)?.revision !== expected) throw new RetryableError('DOCUMENT_CONFLICT', `${key} changed`)
  }
  const read = (key: string): { key: string; value: T; revision: number } | undefined => {
    const entry = entries.get(key)
    return entry && { key, value: schema.parse(JSON.parse(entry.text)), revision: entry.revision }
  }
  return {
    get: async (key) => read(key),
    create: async (key, value) => {
      expectRevision(key, undefined)
      return put(key, value)
    },
    update: async (key, value, expected) => {
      expectRevision(key, expected)
      return put(key, value)
    },
    remove: async (key, expected) => {
      expectRevision(key, expected)
      entries.delete(key)
    },
    list: async () => [...entries.keys()].map(read).filter((entry) => entry !== undefined),
    unreadable: () => Promise.resolve([]),
    lastRevision: () => Promise.resolve(revision),
    watch: () => {
      throw new Error('not part of this fake')
    },
  }
}
