import type { LedgerEvent } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { describe, expect, it } from 'vitest'
import { createRecentEvents, type RecentEvents } from './recent-events.ts'
import { createFakeLedger, finished, started, submitted, TASK } from './testing/fakes.ts'

const OTHER_TASK = { ...TASK, taskId: '2' }

interface Followed extends AsyncDisposable {
  readonly recent: RecentEvents
  readonly ledger: ReturnType<typeof createFakeLedger>
  readonly arrive: (stored: StoredEvent<LedgerEvent>) => void
}

/** Begins after `before` events; what arrives later is handed on by hand. */
async function follow(before: number, maxBytes?: number): Promise<Followed> {
  const ledger = createFakeLedger()
  const stop = new AbortController()
  let arrive: (stored: StoredEvent<LedgerEvent>) => void = () => undefined
  const arrivals = new ReadableStream<StoredEvent<LedgerEvent>>({
    start: (controller) => {
      arrive = (stored) => controller.enqueue(stored)
      stop.signal.addEventListener('abort', () => controller.close(), { once: true })
    },
  })
  const begun = Promise.withResolvers<void>()
  const followed = (): typeof arrivals => {
    begun.resolve()
    return arrivals
  }
  const recent = createRecentEvents({ lastSeq: () => Promise.resolve(before), follow: followed }, maxBytes)
  const following = recent.follow(stop.signal)
  await begun.promise
  return {
    recent,
    ledger,
    arrive: (stored) => arrive(stored),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await following
    },
  }
}

const seqs = (events: readonly StoredEvent[] | undefined): readonly number[] | undefined =>
  events?.map(({ seq }) => seq)

describe('the newest part of the ledger', () => {
  it('gives what happened to one task since it was told last', async () => {
    await using followed = await follow(0)
    const { recent, ledger, arrive } = followed
    arrive(ledger.add(TASK, 1, submitted(TASK, 1)))
    arrive(ledger.add(OTHER_TASK, 1, submitted(OTHER_TASK, 1)))
    arrive(ledger.add(TASK, 1, started(TASK, 1)))
    arrive(ledger.add(TASK, 1, finished(TASK, 1)))
    expect(seqs(await recent.of(TASK, { afterSeq: 1, throughSeq: 4 }))).toEqual([3, 4])
    expect(seqs(await recent.of(OTHER_TASK, { afterSeq: 0, throughSeq: 2 }))).toEqual([2])
  })

  it('waits a moment for an event that it has not seen yet, and then does not pretend', async () => {
    await using followed = await follow(0)
    const { recent, ledger, arrive } = followed
    const waiting = recent.of(TASK, { afterSeq: 0, throughSeq: 1 })
    arrive(ledger.add(TASK, 1, submitted(TASK, 1)))
    expect(seqs(await waiting)).toEqual([1])
    expect(await recent.of(TASK, { afterSeq: 1, throughSeq: 9 })).toBeUndefined()
  })

  it('says nothing about the time before it began', async () => {
    await using followed = await follow(5)
    const { recent, ledger, arrive } = followed
    arrive({ ...ledger.add(TASK, 1, started(TASK, 1)), seq: 6 })
    expect(await recent.of(TASK, { afterSeq: 4, throughSeq: 6 })).toBeUndefined()
    expect(seqs(await recent.of(TASK, { afterSeq: 5, throughSeq: 6 }))).toEqual([6])
  })

  it('forgets the oldest when it is full, and says nothing about them', async () => {
    await using followed = await follow(0, 10_000)
    const { recent, ledger, arrive } = followed
    for (const event of [submitted(TASK, 1), started(TASK, 1), finished(TASK, 1)]) arrive(ledger.add(TASK, 1, event))
    expect(seqs(await recent.of(TASK, { afterSeq: 1, throughSeq: 3 }))).toEqual([2, 3])
    expect(await recent.of(TASK, { afterSeq: 0, throughSeq: 3 })).toBeUndefined()
  })

  it('says nothing any more once following was interrupted', async () => {
    const { recent, ledger, arrive, [Symbol.asyncDispose]: stop } = await follow(0)
    arrive(ledger.add(TASK, 1, submitted(TASK, 1)))
    expect(seqs(await recent.of(TASK, { afterSeq: 0, throughSeq: 1 }))).toEqual([1])
    await stop()
    expect(await recent.of(TASK, { afterSeq: 0, throughSeq: 1 })).toBeUndefined()
  })
})
