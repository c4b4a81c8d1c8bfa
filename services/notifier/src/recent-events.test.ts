import type { StoredEvent } from '@orchestrator/shared/nats'
import { describe, expect, it } from 'vitest'
import { createRecentEvents, type RecentEvents } from './recent-events.ts'
import { createFakeLedger, finished, started, submitted, TASK } from './testing/fakes.ts'

const OTHER_TASK = { ...TASK, taskId: '2' }
const { signal } = new AbortController()

interface Told {
  readonly recent: RecentEvents
  readonly ledger: ReturnType<typeof createFakeLedger>
  /** How often the ledger was asked. */
  readonly reads: () => number
  readonly of: (
    range: { afterSeq: number; throughSeq: number },
    task?: typeof TASK,
  ) => Promise<readonly number[] | undefined>
}

function tell(maxBytes?: number): Told {
  const ledger = createFakeLedger()
  let reads = 0
  const get = async (seq: number): Promise<(typeof ledger.stored)[number] | undefined> => {
    reads += 1
    return ledger.get(seq, signal)
  }
  const recent = createRecentEvents({ get }, maxBytes)
  const seqs = (events: readonly StoredEvent[] | undefined): readonly number[] | undefined =>
    events?.map(({ seq }) => seq)
  return {
    recent,
    ledger,
    reads: () => reads,
    of: async (range, task = TASK) => seqs(await recent.of(task, { ...range, signal })),
  }
}

describe('what was given to this replica just now', () => {
  it('gives what happened to one task since it was told last, without a read', async () => {
    const { recent, ledger, of, reads } = tell()
    recent.add(TASK, ledger.add(TASK, 1, submitted(TASK, 1)))
    recent.add(OTHER_TASK, ledger.add(OTHER_TASK, 1, submitted(OTHER_TASK, 1)))
    recent.add(TASK, ledger.add(TASK, 1, started(TASK, 1)))
    recent.add(TASK, ledger.add(TASK, 1, finished(TASK, 1)))
    recent.add(TASK, ledger.add(TASK, 2, submitted(TASK, 2)))
    expect(await of({ afterSeq: 1, throughSeq: 5 })).toEqual([3, 4, 5])
    expect(await of({ afterSeq: 0, throughSeq: 1 })).toEqual([1, 3, 4, 5])
    expect(await of({ afterSeq: 1, throughSeq: 2 }, OTHER_TASK)).toEqual([2])
    expect(reads()).toBe(0)
  })

  it('gives an event that names what was told last, though nothing before it is known', async () => {
    const { recent, ledger, of, reads } = tell()
    ledger.add(TASK, 1, submitted(TASK, 1))
    ledger.add(TASK, 1, started(TASK, 1))
    recent.add(TASK, ledger.add(TASK, 1, finished(TASK, 1)))
    expect(await of({ afterSeq: 2, throughSeq: 3 })).toEqual([3])
    expect(reads()).toBe(0)
    expect(await of({ afterSeq: 1, throughSeq: 3 })).toBeUndefined()
  })

  it('reads what another replica was given, and says nothing when that is not the next one', async () => {
    const { recent, ledger, of, reads } = tell()
    recent.add(TASK, ledger.add(TASK, 1, submitted(TASK, 1)))
    ledger.add(TASK, 1, started(TASK, 1))
    ledger.add(TASK, 1, finished(TASK, 1))
    expect(await of({ afterSeq: 1, throughSeq: 2 })).toEqual([2])
    expect(reads()).toBe(1)
    recent.forget()
    expect(await of({ afterSeq: 1, throughSeq: 3 })).toBeUndefined()
  })

  it('never passes over an event in between', async () => {
    const { recent, ledger, of } = tell()
    recent.add(TASK, ledger.add(TASK, 1, submitted(TASK, 1)))
    const missed = ledger.add(TASK, 1, started(TASK, 1))
    recent.add(TASK, ledger.add(TASK, 1, finished(TASK, 1)))
    expect(await of({ afterSeq: 1, throughSeq: 3 })).toBeUndefined()
    recent.add(TASK, missed)
    expect(await of({ afterSeq: 1, throughSeq: 3 })).toBeUndefined()
    expect(await of({ afterSeq: 2, throughSeq: 3 })).toEqual([3])
  })

  it('forgets the oldest when it is full, and says nothing about them', async () => {
    const { recent, ledger, of } = tell(10_000)
    for (const event of [submitted(TASK, 1), started(TASK, 1), finished(TASK, 1)])
      recent.add(TASK, ledger.add(TASK, 1, event))
    expect(await of({ afterSeq: 1, throughSeq: 3 })).toBeUndefined()
    expect(await of({ afterSeq: 2, throughSeq: 3 })).toEqual([3])
  })
})
