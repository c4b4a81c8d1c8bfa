/**
 * The documents of workspaces, and what this process remembers of them, so that a look at a workspace that nobody else
 * writes needs no reading. Every write names the revision that it replaces: a memory that is behind is refused.
 */
import type { Epoch, WorkspaceDocument } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { DocumentEntry, Documents } from '@orchestrator/shared/nats'
import { createRecent } from './recent.ts'

type Entry = DocumentEntry<WorkspaceDocument>

export interface RememberedDocument {
  readonly document: Entry
  /** Read or written so little ago that an answer to a question could be as old. */
  readonly isRecent: boolean
  /** Of the last grant of this workspace; unknown while others may have granted it meanwhile. */
  readonly epoch: Epoch | undefined
}

export interface WorkspaceMemory extends Documents<WorkspaceDocument> {
  /** As last read or written here. Only a write, which is refused if it is behind, may rest on one that is not recent. */
  recall(service: string): RememberedDocument | undefined
  /** After a reconnect: a restored bucket may hold something else under the same revision. */
  forgetAll(): void
}

interface Memory {
  readonly document: Entry
  readonly atMs: number
  readonly epoch: Epoch | undefined
}

const MAX = 1000
const RECENT_MS = 1000

export function createWorkspaceMemory(
  documents: Documents<WorkspaceDocument>,
  clock: Pick<Clock, 'monotonicMs'>,
): WorkspaceMemory {
  const memories = createRecent<Memory>(MAX)

  const remember = (document: Entry, replaced: number): void => {
    const before = memories.get(document.key)
    // An answer that was overtaken by a later write.
    if (before !== undefined && before.document.revision > document.revision) return
    const known = before?.document.revision === replaced ? epochOf(before) : undefined
    const epoch = document.value.grant?.epoch ?? known
    memories.set(document.key, { document, atMs: clock.monotonicMs(), epoch })
  }

  /** After a refusal, or without an answer, what was to be replaced is there no longer, as far as is known. */
  const writing = async (entry: Omit<Entry, 'revision'>, replaced: number, write: Promise<number>): Promise<number> => {
    try {
      const revision = await write
      remember({ ...entry, revision }, replaced)
      return revision
    } catch (error) {
      if (memories.get(entry.key)?.document.revision === replaced) memories.delete(entry.key)
      throw error
    }
  }

  return {
    get: async (key) => {
      const document = await documents.get(key)
      if (document === undefined) memories.delete(key)
      else remember(document, document.revision)
      return document
    },
    create: (key, value) => writing({ key, value }, 0, documents.create(key, value)),
    update: (key, value, replaced) => writing({ key, value }, replaced, documents.update(key, value, replaced)),
    remove: async (key, revision) => {
      memories.delete(key)
      await documents.remove(key, revision)
    },
    list: (filter) => documents.list(filter),
    watch: (signal, filter) => documents.watch(signal, filter),
    recall: (service) => {
      const memory = memories.get(service)
      if (memory === undefined) return undefined
      const isRecent = clock.monotonicMs() - memory.atMs < RECENT_MS
      return { document: memory.document, isRecent, epoch: epochOf(memory) }
    },
    forgetAll: () => memories.clear(),
  }
}

function epochOf({ document, epoch }: Memory): Epoch | undefined {
  return document.value.grant?.epoch ?? epoch
}
