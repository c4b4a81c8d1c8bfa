import { setTimeout as delay } from 'node:timers/promises'
import { type DeliveryDocument, deliveryKey, type LedgerEvent, type TaskRef } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { createTestClock } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Told } from '../channels/port.ts'
import { createDeliveryRecords } from '../deliveries/delivery-records.ts'
import { isSettled, NOBODY } from '../deliveries/delivery.ts'
import { patienceAmong } from '../patience.ts'
import {
  createFakeChannel,
  createFakeDocuments,
  createFakeLedger,
  type FakeChannel,
  type FakeDocuments,
  finished,
  started,
  submitted,
  TASK,
} from '../testing/fakes.ts'
import { type ChannelTeller, createChannelTeller } from './channel-teller.ts'
import { createRecentEvents } from './recent-events.ts'
import type { Letters, RejectedMessage } from './tell-task.ts'

const KEY = deliveryKey('hook', TASK)
const OTHER_TASK: TaskRef = { ...TASK, taskId: '2' }
const logger = createLogger({ name: 'notifier', level: 'silent' })

interface World {
  readonly clock: ReturnType<typeof createTestClock>
  readonly ledger: ReturnType<typeof createFakeLedger>
  readonly documents: FakeDocuments
  readonly channel: FakeChannel
  readonly rejected: RejectedMessage[]
  /** What came of telling again. */
  readonly ended: unknown[]
  /** A replica; `documents` may be its own way to the bucket. */
  readonly replica: (holder: string, options?: ReplicaOptions) => ChannelTeller
  /** Stores an event and has a replica mark it. */
  readonly happen: (teller: ChannelTeller, what: [task: TaskRef, n: number, event: LedgerEvent]) => Promise<void>
}

interface ReplicaOptions {
  readonly documents?: Documents<DeliveryDocument>
  readonly since?: number
  readonly channel?: FakeChannel
  readonly concurrency?: number
  /** How many there are in all. */
  readonly channels?: number
}

function createWorld(kind: 'each' | 'latest' = 'each'): World {
  const clock = createTestClock()
  const ledger = createFakeLedger(() => clock.now())
  const documents = createFakeDocuments()
  const channel = createFakeChannel(kind)
  const rejected: RejectedMessage[] = []
  const ended: unknown[] = []
  const replicas: ChannelTeller[] = []
  documents.onChange = (entry) => {
    for (const replica of replicas) if (entry.value.channel === replica.name) replica.observe(entry)
  }
  return {
    clock,
    ledger,
    documents,
    channel,
    rejected,
    ended,
    replica: (holder, options = {}) => {
      const records = createDeliveryRecords(options.documents ?? documents)
      const letters: Letters = {
        reject: (message) => Promise.resolve(void rejected.push(message)),
        end: (letter, end) => Promise.resolve(void ended.push({ letter, ...end })),
      }
      const recent = createRecentEvents()
      const world = { records, ledger, recent, letters, holder, clock, random: () => 1, logger }
      const { since = 1, concurrency = 4, channels = 2 } = options
      const replica = createChannelTeller({
        world,
        channel: options.channel ?? channel,
        since,
        concurrency,
        patience: patienceAmong(channels),
      })
      replicas.push(replica)
      return replica
    },
    happen: async (teller, what) => await teller.mark(what[0], ledger.add(...what)),
  }
}

const toldSeqs = (channel: FakeChannel, key = KEY): number[] =>
  channel.told.filter((told) => told.key === key).map(({ seq }) => seq)

describe('telling', () => {
  it('costs four writes for an attempt: mark and lease in one, then one for each event', async () => {
    const { replica, happen, channel, documents } = createWorld()
    await using teller = replica('a')
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => documents.entries.get(KEY)?.value).toMatchObject({ dirty: 1, sent: 1, holder: 'a' })
    await happen(teller, [TASK, 1, started(TASK, 1)])
    expect(documents.entries.get(KEY)?.value).toMatchObject({ dirty: 2, sent: 2, holder: 'a' })
    await happen(teller, [TASK, 1, finished(TASK, 1)])
    expect(documents.entries.get(KEY)?.value).toMatchObject({ dirty: 3, sent: 3, holder: NOBODY })
    expect(documents.writes).toBe(4)
    expect(toldSeqs(channel)).toEqual([1, 2, 3])
  })

  it('goes in the ledger’s order, one call at a time for a task, tasks beside each other', async () => {
    const { replica, happen, channel } = createWorld()
    await using teller = replica('a')
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await happen(teller, [OTHER_TASK, 1, submitted(OTHER_TASK, 1)])
    await happen(teller, [TASK, 1, started(TASK, 1)])
    await happen(teller, [TASK, 1, finished(TASK, 1)])
    await expect.poll(() => channel.told.map(({ seq }) => seq)).toEqual([1, 2])
    gate.resolve('delivered')
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 3, 4])
  })

  it('calls for one task after the other where one call at once is allowed, each noted before the next', async () => {
    const { replica, happen, channel, documents } = createWorld()
    await using teller = replica('a', { concurrency: 1 })
    const tasks = ['1', '2', '3'].map((taskId): TaskRef => ({ ...TASK, taskId }))
    const unnoted: number[] = []
    channel.answer = ({ task }) => {
      const others = [...documents.entries.values()].filter(({ value }) => value.taskId !== task.taskId)
      unnoted.push(others.filter(({ value }) => value.holder !== NOBODY && value.dirty > value.sent).length)
      return 'delivered'
    }
    for (const task of tasks) await happen(teller, [task, 1, submitted(task, 1)])
    await expect.poll(() => channel.told.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(unnoted).toEqual([0, 0, 0])
    await expect.poll(() => documents.writes).toBe(6)
  })

  it('lets what was marked and what waits at the door take turns', async () => {
    const { replica, happen, channel } = createWorld()
    await using teller = replica('a', { concurrency: 1 })
    const task = (taskId: string): TaskRef => ({ ...TASK, taskId })
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await happen(teller, [task('1'), 1, submitted(task('1'), 1)])
    for (const taskId of ['2', '3']) await happen(teller, [task(taskId), 1, submitted(task(taskId), 1)])
    const waiting = ['4', '5'].map((taskId) => happen(teller, [task(taskId), 1, submitted(task(taskId), 1)]))
    gate.resolve('delivered')
    await Promise.all(waiting)
    await expect.poll(() => new Set(channel.told.map(({ seq }) => seq)).size).toBe(5)
    const order = channel.told.map(({ seq }) => (seq === 1 ? '' : seq < 4 ? 'marked' : 'door')).slice(1)
    expect(new Set(order.slice(0, 2)).size).toBe(2)
    expect(new Set(order.slice(2)).size).toBe(2)
  })

  it('shows a "latest" channel all events once, however many there are', async () => {
    const { replica, ledger, happen, channel } = createWorld('latest')
    await using teller = replica('a')
    let seen = 0
    channel.answer = ({ events }) => {
      seen = events.length
      return 'delivered'
    }
    ledger.add(TASK, 1, submitted(TASK, 1))
    ledger.add(TASK, 1, started(TASK, 1))
    await happen(teller, [TASK, 1, finished(TASK, 1)])
    await expect.poll(() => toldSeqs(channel)).toEqual([3])
    expect(seen).toBe(3)
  })

  it('makes a rejected message a dead letter and passes it over', async () => {
    const { replica, happen, channel, rejected } = createWorld()
    await using teller = replica('a')
    channel.answer = ({ events }) => (events[0].seq === 1 ? { rejected: 'answered 410' } : 'delivered')
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 2])
    expect(rejected).toMatchObject([{ channel: 'hook', reason: 'answered 410', stored: { seq: 1 } }])
  })

  it('says nothing of what happened before the channel was there', async () => {
    const { replica, ledger, happen, channel } = createWorld()
    await using teller = replica('a', { since: 3 })
    const early = ledger.add(TASK, 1, submitted(TASK, 1))
    ledger.add(TASK, 1, started(TASK, 1))
    await teller.mark(TASK, early)
    await happen(teller, [TASK, 1, finished(TASK, 1)])
    await expect.poll(() => toldSeqs(channel)).toEqual([3])
  })

  it('finds events that were marked late or by nobody', async () => {
    const { replica, ledger, happen, channel } = createWorld()
    await using teller = replica('a')
    const first = ledger.add(TASK, 1, submitted(TASK, 1))
    await happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 2])
    await teller.mark(TASK, first)
    expect(toldSeqs(channel)).toEqual([1, 2])
  })

  it('passes over an event that this release cannot read', async () => {
    const { replica, channel, documents, ledger } = createWorld()
    await using teller = replica('a')
    await teller.mark(TASK, { ...ledger.add(TASK, 1, started(TASK, 1)), seq: 9 })
    await expect.poll(() => documents.entries.get(KEY)?.value).toMatchObject({ sent: 9, holder: NOBODY })
    expect(toldSeqs(channel)).toEqual([1])
  })

  it('waits when the ledger was read from behind instead of passing over what is there', async () => {
    const { replica, channel, documents, ledger, clock } = createWorld()
    await using teller = replica('a')
    const event = ledger.add(TASK, 1, started(TASK, 1))
    const scan = ledger.scan
    ledger.scan = async function* () {}
    await teller.mark(TASK, event)
    await expect.poll(() => documents.entries.get(KEY)?.value.holder).toBe('a')
    ledger.scan = scan
    await clock.advance(1_000)
    teller.look()
    await expect.poll(() => toldSeqs(channel)).toEqual([1])
  })
})

describe('telling again what was refused', () => {
  const AGAIN = { sequence: 1, letter: 70 }

  /** Two events, of which the first one was refused. */
  async function refusedOnce(world: World, teller: ChannelTeller): Promise<void> {
    world.channel.answer = ({ events }) => (events[0].seq === 1 ? { rejected: 'answered 404' } : 'delivered')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await world.happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => toldSeqs(world.channel)).toEqual([1, 2])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 2 })
    world.channel.answer = () => 'delivered'
  }

  it('calls the sink once more with that event alone, says that it was handled, and leaves no trace', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await refusedOnce(world, teller)
    await teller.markAgain(TASK, AGAIN)
    await expect.poll(() => world.ended).toEqual([{ letter: 70, kind: 'handled' }])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 2, holder: NOBODY })
    expect(world.documents.entries.get(KEY)?.value).not.toHaveProperty('again')
    await world.happen(teller, [TASK, 1, finished(TASK, 1)])
    await expect.poll(() => toldSeqs(world.channel)).toEqual([1, 2, 1, 3])
  })

  it('is done once however often it is noted, and by whichever replica is there', async () => {
    const world = createWorld()
    await using first = world.replica('a')
    await using second = world.replica('b')
    await refusedOnce(world, first)
    const gate = Promise.withResolvers<Told>()
    world.channel.answer = () => gate.promise
    await Promise.all([first.markAgain(TASK, AGAIN), second.markAgain(TASK, AGAIN), first.markAgain(TASK, AGAIN)])
    gate.resolve('delivered')
    await expect.poll(() => world.ended).toHaveLength(1)
    await expect.poll(() => world.documents.entries.get(KEY)?.value).not.toHaveProperty('again')
    expect(toldSeqs(world.channel)).toEqual([1, 2, 1])
  })

  it('waits for a sink that is down, and is not said to be handled before', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await refusedOnce(world, teller)
    world.channel.answer = () => ({ unavailable: 'answered 503' })
    await teller.markAgain(TASK, AGAIN)
    await expect.poll(() => teller.status()).toContain('paused')
    expect(world.ended).toEqual([])
    world.channel.answer = () => 'delivered'
    await world.clock.advance(1_000)
    teller.look()
    await expect.poll(() => world.ended).toEqual([{ letter: 70, kind: 'handled' }])
  })

  it('ends in a new letter when it is refused again, and lets the task go on', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await refusedOnce(world, teller)
    world.channel.answer = ({ events }) => (events[0].seq === 1 ? { rejected: 'answered 410' } : 'delivered')
    await teller.markAgain(TASK, AGAIN)
    await expect.poll(() => world.rejected.at(-1)).toMatchObject({ reason: 'answered 410', letter: 70 })
    await world.happen(teller, [TASK, 1, finished(TASK, 1)])
    await expect.poll(() => toldSeqs(world.channel)).toEqual([1, 2, 1, 3])
    expect(world.ended).toEqual([])
  })

  it('is obsolete when the event is gone', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await refusedOnce(world, teller)
    await teller.markAgain(TASK, { sequence: 99, letter: 71 })
    await expect.poll(() => world.ended).toMatchObject([{ letter: 71, kind: 'obsolete' }])
    expect(toldSeqs(world.channel)).toEqual([1, 2])
  })

  it('tells nothing else where the record of the task is no longer kept', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    world.ledger.add(TASK, 1, submitted(TASK, 1))
    world.ledger.add(TASK, 1, started(TASK, 1))
    await teller.markAgain(TASK, { sequence: 2, letter: 72 })
    await expect.poll(() => world.ended).toEqual([{ letter: 72, kind: 'handled' }])
    expect(toldSeqs(world.channel)).toEqual([2])
  })

  it('shows a "latest" channel the state as it is now', async () => {
    const world = createWorld('latest')
    await using teller = world.replica('a')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await world.happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 2, holder: NOBODY })
    const before = world.channel.told.length
    await teller.markAgain(TASK, AGAIN)
    await expect.poll(() => world.ended).toHaveLength(1)
    expect(world.channel.told.slice(before)).toEqual([{ key: KEY, seq: 2 }])
  })

  it('has an end: a person waits until some are told', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await refusedOnce(world, teller)
    world.channel.answer = () => ({ unavailable: 'answered 503', retryAfterMs: 3_600_000 })
    for (let letter = 100; letter < 300; letter += 1) await teller.markAgain(TASK, { sequence: 1, letter })
    await expect(teller.markAgain(TASK, { sequence: 1, letter: 300 })).rejects.toMatchObject({
      code: 'CHANNEL_UNAVAILABLE',
    })
  })
})

describe('a sink that is down', () => {
  it('pauses its channel, keeps the marks, and shows the rest in order when it is back', async () => {
    const { replica, happen, channel, documents, clock } = createWorld()
    await using teller = replica('a')
    channel.answer = () => ({ unavailable: 'answered 503' })
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => teller.status()).toBe('paused: answered 503')
    await happen(teller, [TASK, 1, started(TASK, 1)])
    await happen(teller, [TASK, 1, finished(TASK, 1)])
    expect(documents.entries.get(KEY)?.value).toMatchObject({ dirty: 3, sent: 0, holder: NOBODY })
    teller.look()
    expect(toldSeqs(channel)).toEqual([1])
    channel.answer = () => 'delivered'
    await clock.advance(1_000)
    teller.look()
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 1, 2, 3])
    expect(teller.status()).toBe('ok')
  })

  it('is asked with one call when the pause ends, and with all once that succeeded', async () => {
    const { replica, happen, channel, clock } = createWorld()
    await using teller = replica('a')
    channel.answer = () => ({ unavailable: 'answered 503' })
    const tasks = ['1', '2', '3', '4'].map((taskId) => ({ ...TASK, taskId }))
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => teller.status()).toContain('paused')
    for (const task of tasks.slice(1)) await happen(teller, [task, 1, submitted(task, 1)])
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await clock.advance(1_000)
    teller.look()
    await expect.poll(() => channel.told.length).toBe(2)
    gate.resolve('delivered')
    await expect.poll(() => new Set(channel.told.map(({ key }) => key)).size).toBe(4)
  })

  it('gets the time that it asks for', async () => {
    const { replica, happen, channel, clock } = createWorld()
    await using teller = replica('a')
    channel.answer = () => ({ unavailable: 'answered 429', retryAfterMs: 30_000 })
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => teller.status()).toContain('paused')
    await clock.advance(29_999)
    teller.look()
    expect(channel.told.length).toBe(1)
    await clock.advance(1)
    teller.look()
    await expect.poll(() => channel.told.length).toBe(2)
  })

  it('does not hold up another channel', async () => {
    const { replica, happen, channel, ledger } = createWorld()
    await using teller = replica('a')
    const other = createFakeChannel('each', 'other')
    await using otherTeller = replica('a', { channel: other })
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await otherTeller.mark(TASK, ledger.stored[0] ?? expect.fail('stored'))
    await expect.poll(() => toldSeqs(other, deliveryKey('other', TASK))).toEqual([1])
    expect(toldSeqs(channel)).toEqual([1])
    gate.resolve('delivered')
  })
})

describe('a lease that is kept for what follows', () => {
  const wait = async ({ clock }: World, teller: ChannelTeller, ms: number): Promise<void> => {
    await clock.advance(ms)
    teller.look()
  }

  it('is given back when nothing follows within a second, and whoever comes later takes it', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await using other = world.replica('b')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    await wait(world, teller, 999)
    expect(world.documents.entries.get(KEY)?.value.holder).toBe('a')
    await wait(world, teller, 1)
    await expect.poll(() => world.documents.entries.get(KEY)?.value.holder).toBe(NOBODY)
    await world.happen(other, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 2, holder: 'b' })
    expect(world.documents.writes).toBe(5)
    expect(toldSeqs(world.channel)).toEqual([1, 2])
  })

  it('also serves what another replica marks: the one that holds it tells', async () => {
    const world = createWorld()
    const second = createFakeChannel()
    await using teller = world.replica('a')
    await using other = world.replica('b', { channel: second })
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    await world.happen(other, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => toldSeqs(world.channel)).toEqual([1, 2])
    expect(second.told).toEqual([])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ dirty: 2, sent: 2, holder: 'a' })
    expect(world.documents.writes).toBe(4)
  })

  it('is not relied on after a standstill, in which another may have taken it', async () => {
    const world = createWorld()
    const second = createFakeChannel()
    await using teller = world.replica('a')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    world.documents.onChange = () => undefined
    await using other = world.replica('b', { channel: second })
    for (const entry of world.documents.entries.values()) other.observe(entry)
    await wait(world, other, 20_000)
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: NOBODY })
    const gate = Promise.withResolvers<Told>()
    second.answer = () => gate.promise
    await world.happen(other, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => second.told.length).toBe(1)
    await teller.mark(TASK, world.ledger.stored[1] ?? expect.fail('stored'))
    expect(toldSeqs(world.channel)).toEqual([1])
    gate.resolve('delivered')
  })

  it('is as old as the write that showed it, not as the answer that came late', async () => {
    const world = createWorld()
    const { documents, clock, channel } = world
    await using teller = world.replica('a')
    let late = true
    documents.onChange = ({ value }) => {
      if (value.sent === 1 && late) void clock.advance(5_000)
      late = value.sent < 1
    }
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => documents.writes).toBe(2)
    let writesBefore = 0
    channel.answer = () => {
      writesBefore = documents.writes
      return 'delivered'
    }
    await world.happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 2])
    expect(writesBefore).toBe(3)
  })

  it('leaves a mark where the sink takes long or is down, so that the event waits in the bucket and not in a hand', async () => {
    const world = createWorld()
    await using teller = world.replica('a')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    const gate = Promise.withResolvers<Told>()
    world.channel.answer = () => gate.promise
    await world.happen(teller, [TASK, 1, started(TASK, 1)])
    expect(world.documents.entries.get(KEY)?.value).toMatchObject({ dirty: 2, sent: 1, holder: 'a' })
    gate.resolve({ unavailable: 'answered 503' })
    await expect.poll(() => world.documents.entries.get(KEY)?.value.holder).toBe(NOBODY)
    await world.happen(teller, [TASK, 1, finished(TASK, 1)])
    expect(world.documents.entries.get(KEY)?.value).toMatchObject({ dirty: 3, sent: 1, holder: NOBODY })
    world.channel.answer = () => 'delivered'
    await wait(world, teller, 1_000)
    await expect.poll(() => toldSeqs(world.channel)).toEqual([1, 2, 2, 3])
  })

  it.each([
    { channels: 1, writes: 3 },
    { channels: 2, writes: 4 },
  ])('leaves none for a sink of a third of a second where that holds up nobody: $channels channels', async (given) => {
    const world = createWorld()
    await using teller = world.replica('a', given)
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    world.channel.answer = async (): Promise<Told> => {
      await delay(300)
      return 'delivered'
    }
    await world.happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 2 })
    expect(world.documents.writes).toBe(given.writes)
  })

  it('goes back when the service stops', async () => {
    const world = createWorld()
    const teller = world.replica('a')
    await world.happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'a' })
    await teller[Symbol.asyncDispose]()
    expect(world.documents.entries.get(KEY)?.value).toMatchObject({ dirty: 1, sent: 1, holder: NOBODY })
  })

  it('of a replica that died is cleared away without a call', async () => {
    const world = createWorld()
    const dead = world.replica('dead')
    await world.happen(dead, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'dead' })
    await using heir = world.replica('heir')
    for (const entry of world.documents.entries.values()) heir.observe(entry)
    await wait(world, heir, 20_000)
    await expect.poll(() => world.documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: NOBODY })
    expect(toldSeqs(world.channel)).toEqual([1])
  })
})

describe('a replica', () => {
  it('leaves a live lease alone, and takes over an abandoned one after 20 s', async () => {
    const { replica, happen, channel, documents, clock } = createWorld()
    const never = new Promise<never>(() => undefined)
    const dead = replica('dead')
    channel.answer = () => never
    await happen(dead, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => channel.told.length).toBe(1)
    documents.before = () => never // it died: no beat leaves it any more
    const heir = replica('heir', { documents: { ...documents, ...reachable(documents) } })
    for (const entry of documents.entries.values()) heir.observe(entry)
    channel.answer = () => 'delivered'
    await clock.advance(19_999)
    heir.look()
    expect(channel.told.length).toBe(1)
    await clock.advance(1)
    heir.look()
    await expect.poll(() => toldSeqs(channel)).toEqual([1, 1])
    await expect.poll(() => documents.entries.get(KEY)?.value).toMatchObject({ sent: 1, holder: 'heir' })
    await heir[Symbol.asyncDispose]()
  })

  it('keeps its lease during a long call by renewing it', async () => {
    const { replica, happen, channel, documents, clock } = createWorld()
    await using teller = replica('a')
    await using other = replica('b')
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await expect.poll(() => channel.told.length).toBe(1)
    for (let seconds = 0; seconds < 60; seconds += 5) {
      const beat = documents.entries.get(KEY)?.value.beat
      await clock.advance(5_000)
      teller.look()
      await expect.poll(() => documents.entries.get(KEY)?.value.beat).toBe((beat ?? 0) + 1)
      other.look()
    }
    gate.resolve('delivered')
    await expect.poll(() => documents.entries.get(KEY)?.value.sent).toBe(1)
    expect(toldSeqs(channel)).toEqual([1])
  })

  it('writes down what was delivered however long the broker is away, and does not tell it again', async () => {
    const { replica, happen, channel, documents, clock } = createWorld()
    await using teller = replica('a')
    channel.answer = () => {
      documents.before = () => Promise.reject(new RetryableError('BROKER_UNAVAILABLE', 'away'))
      return 'delivered'
    }
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    for (let tries = 0; tries < 10; tries += 1) {
      await expect.poll(() => clock.sleeping).toBe(1)
      await clock.advance(5_000)
    }
    documents.before = () => Promise.resolve()
    await expect.poll(() => clock.sleeping).toBe(1)
    await clock.advance(5_000)
    await expect.poll(() => documents.entries.get(KEY)?.value).toMatchObject({ sent: 1 })
    expect(toldSeqs(channel)).toEqual([1])
  })

  it('reports a mark that could not be stored, so that the event comes again', async () => {
    const { replica, happen, documents, channel, ledger } = createWorld()
    await using teller = replica('a')
    documents.before = () => Promise.reject(new RetryableError('BROKER_UNAVAILABLE', 'away'))
    await expect(happen(teller, [TASK, 1, submitted(TASK, 1)])).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
    })
    documents.before = () => Promise.resolve()
    await teller.mark(TASK, ledger.stored[0] ?? expect.fail('stored'))
    await expect.poll(() => toldSeqs(channel)).toEqual([1])
  })

  it('finishes the call under way when it stops, and starts no other', async () => {
    const { replica, happen, channel, documents } = createWorld()
    const teller = replica('a')
    const gate = Promise.withResolvers<Told>()
    channel.answer = () => gate.promise
    await happen(teller, [TASK, 1, submitted(TASK, 1)])
    await happen(teller, [TASK, 1, started(TASK, 1)])
    await expect.poll(() => channel.told.length).toBe(1)
    const stopped = teller[Symbol.asyncDispose]()
    gate.resolve('delivered')
    await stopped
    expect(documents.entries.get(KEY)?.value).toMatchObject({ dirty: 2, sent: 1, holder: NOBODY })
    expect(toldSeqs(channel)).toEqual([1])
  })
})

describe('two replicas, one of which may die at any moment', () => {
  it('tell each event in order, once, and at most one twice for the death', async () => {
    const part = fc.record({
      scheduler: fc.scheduler(),
      /** Which replica marks the event, and whether it comes to the other one too. */
      marks: fc.array(fc.record({ task: fc.constantFrom(TASK, OTHER_TASK), by: fc.nat(1), twice: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      }),
      /** After how many of its operations the first replica dies. */
      death: fc.option(fc.nat(30)),
      concurrency: fc.constantFrom(1, 2),
    })
    await fc.assert(
      fc.asyncProperty(part, async ({ scheduler, marks, death, concurrency }) => {
        const world = createWorld()
        const mortal = mortality(death ?? Number.POSITIVE_INFINITY)
        const channels = [createFakeChannel(), createFakeChannel()] as const
        const told: { key: string; seq: number }[] = []
        const tellers = channels.map((channel, index) => {
          const live = index === 0 ? mortal : <T>(work: () => Promise<T>): Promise<T> => work()
          channel.answer = ({ task, events: [{ seq }] }) =>
            live(async () => {
              told.push({ key: deliveryKey('hook', task), seq })
              return await scheduler.schedule(Promise.resolve('delivered' as const), `answer ${seq}`)
            })
          const documents = throughScheduler(world.documents, (work, label) =>
            live(() => scheduler.schedule(Promise.resolve(), `${index} ${label}`).then(work)),
          )
          return world.replica(`replica-${index}`, { channel, documents, concurrency })
        })
        const [first, second] = tellers
        if (first === undefined || second === undefined) throw new Error('two replicas')

        for (const { task, by, twice } of marks) {
          const stored = world.ledger.add(
            task,
            1,
            world.ledger.stored.some((e) => 'attempt' in e.event.data && e.event.data.attempt.taskId === task.taskId)
              ? started(task, 1)
              : submitted(task, 1),
          )
          // A handler that never answers has its message given to another replica.
          void (by === 0 ? first : second).mark(task, stored)
          if (twice || by === 0) void second.mark(task, stored)
        }
        await scheduler.waitIdle()
        for (let round = 0; round < 4; round += 1) {
          await world.clock.advance(20_000)
          second.look()
          await scheduler.waitIdle()
        }

        for (const task of [TASK, OTHER_TASK]) {
          const key = deliveryKey('hook', task)
          const expected = world.ledger.stored
            .filter(({ event }) => event.subject.includes(`task${task.taskId}-`))
            .map(({ seq }) => seq)
          const seqs = told.filter((entry) => entry.key === key).map(({ seq }) => seq)
          expect([...new Set(seqs)]).toEqual(expected)
          expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
          const document = world.documents.entries.get(key)?.value
          if (expected.length > 0) expect(document && isSettled(document)).toBe(true)
        }
        expect(told.length - world.ledger.stored.length).toBeLessThanOrEqual(mortal.died() ? concurrency : 0)
      }),
      { numRuns: 300 },
    )
  })
})

type Alive = <T>(work: () => Promise<T>) => Promise<T>

/** Lets so many operations begin; those after that, and the ends of those under way, never come. */
function mortality(operations: number): Alive & { died: () => boolean } {
  let left = operations
  const never = new Promise<never>(() => undefined)
  const alive: Alive = async (work) => {
    if (left <= 0) return await never
    left -= 1
    const result = await work()
    return left <= 0 ? await never : result
  }
  return Object.assign(alive, { died: () => left <= 0 })
}

function throughScheduler(
  documents: FakeDocuments,
  run: <T>(work: () => Promise<T>, label: string) => Promise<T>,
): Documents<DeliveryDocument> {
  return {
    ...documents,
    get: (key) => run(() => documents.get(key), `get ${key}`),
    create: (key, value) => run(() => documents.create(key, value), `create ${key}`),
    update: (key, value, revision) => run(() => documents.update(key, value, revision), `update ${key}`),
  }
}

/** The bucket without the fault that a test has set. */
function reachable(documents: FakeDocuments): Pick<Documents<DeliveryDocument>, 'get' | 'create' | 'update'> {
  const healthy = async <T>(operation: () => Promise<T>): Promise<T> => {
    const { before } = documents
    documents.before = () => Promise.resolve()
    const result = operation()
    documents.before = before
    return await result
  }
  return {
    get: async (key) => await healthy(() => documents.get(key)),
    create: async (key, value) => await healthy(() => documents.create(key, value)),
    update: async (key, value, revision) => await healthy(() => documents.update(key, value, revision)),
  }
}
