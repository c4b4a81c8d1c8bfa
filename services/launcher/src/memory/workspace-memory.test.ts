import type { Epoch, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { emptyDocument, grantTo, release, toEntry } from '../queue/queue.ts'
import { nextEpoch } from '../reconcile/epoch.ts'
import { finished, specOf, submitted } from '../testing/builders.ts'
import { createMemoryBroker } from '../testing/memory-broker.ts'
import { createLedgerMemory } from './ledger-memory.ts'
import { createWorkspaceMemory } from './workspace-memory.ts'

const never = new AbortController().signal
const spec = specOf()
const entry = toEntry({ seq: 1, event: submitted(spec) }, false)

function granted(document: WorkspaceDocument, sequence: number): WorkspaceDocument {
  return grantTo(document, entry, { epoch: { generation: 1, sequence }, slots: [], workloadUid: null })
}

function createMemories() {
  const broker = createMemoryBroker()
  const clock = createTestClock()
  const [mine, theirs] = [0, 1].map(() => createWorkspaceMemory(broker.workspaces, clock))
  if (mine === undefined || theirs === undefined) throw new Error('two were made')
  return { broker, clock, mine, theirs }
}

describe('what a launcher remembers of a workspace', () => {
  it('is what it last read or wrote, and is recent for a moment', async () => {
    const { mine, clock } = createMemories()
    expect(mine.recall('trader')).toBeUndefined()
    const revision = await mine.create('trader', emptyDocument('trader'))
    expect(mine.recall('trader')).toMatchObject({ isRecent: true, document: { revision } })
    await clock.advance(1000)
    expect(mine.recall('trader')?.isRecent).toBe(false)
    await mine.get('trader')
    expect(mine.recall('trader')?.isRecent).toBe(true)
    mine.forgetAll()
    expect(mine.recall('trader')).toBeUndefined()
  })

  it('is forgotten once a write is refused, unless it has been replaced by then', async () => {
    const { mine, theirs } = createMemories()
    const first = await mine.create('trader', emptyDocument('trader'))
    const second = await theirs.update('trader', emptyDocument('trader'), first)
    await expect(mine.update('trader', emptyDocument('trader'), first)).rejects.toMatchObject({
      code: 'DOCUMENT_CONFLICT',
    })
    expect(mine.recall('trader')).toBeUndefined()
    await expect(theirs.update('trader', emptyDocument('trader'), first)).rejects.toThrow()
    expect(theirs.recall('trader')?.document.revision).toBe(second)
  })

  it('is gone with the document', async () => {
    const { mine, theirs } = createMemories()
    const revision = await mine.create('trader', emptyDocument('trader'))
    await theirs.get('trader')
    await mine.remove('trader', revision)
    expect(mine.recall('trader')).toBeUndefined()
    expect(await theirs.get('trader')).toBeUndefined()
    expect(theirs.recall('trader')).toBeUndefined()
  })

  it('includes the last epoch, as long as nobody else may have granted it', async () => {
    const { mine, theirs } = createMemories()
    const created = await mine.create('trader', emptyDocument('trader'))
    expect(mine.recall('trader')?.epoch).toBeUndefined()
    const given = await mine.update('trader', granted(emptyDocument('trader'), 7), created)
    const freed = await mine.update('trader', release(granted(emptyDocument('trader'), 7)), given)
    expect(mine.recall('trader')?.epoch).toEqual({ generation: 1, sequence: 7 })
    await mine.get('trader')
    expect(mine.recall('trader')?.epoch).toEqual({ generation: 1, sequence: 7 })
    const again = await theirs.update('trader', granted(emptyDocument('trader'), 9), freed)
    await theirs.update('trader', emptyDocument('trader'), again)
    await mine.get('trader')
    expect(mine.recall('trader')?.epoch).toBeUndefined()
  })
})

describe('the epoch of a grant', () => {
  it('is above the last one of the workspace, and asks the ledger only where that is not known', async () => {
    const { broker, mine } = createMemories()
    const asked: Epoch[] = []
    const ledger = {
      ...broker.ledger,
      lastSeq: async () => {
        asked.push({ generation: 1, sequence: broker.events.length })
        return broker.events.length
      },
    }
    const memory = createLedgerMemory(ledger)
    const next = async (): Promise<Epoch> => await nextEpoch({ ledger, memory, workspaces: mine }, 'trader', never)
    const append = (): void => {
      const event = finished(spec)
      memory.hear({ seq: broker.append('attempt.x', event), subject: 'attempt.x', time: new Date(0), event })
    }
    append()
    const first = await mine.create('trader', emptyDocument('trader'))
    expect(await next()).toEqual({ generation: 1, sequence: 1 })
    await mine.update('trader', granted(emptyDocument('trader'), 1), first)
    // Nothing was seen beyond it yet.
    expect(await next()).toEqual({ generation: 1, sequence: 1 })
    append()
    expect(await next()).toEqual({ generation: 1, sequence: 2 })
    expect(asked).toHaveLength(2)
    expect(
      await nextEpoch({ ledger: { ...ledger, generation: 2 }, memory, workspaces: mine }, 'trader', never),
    ).toEqual({
      generation: 2,
      sequence: 2,
    })
    expect(asked).toHaveLength(3)
  })
})
