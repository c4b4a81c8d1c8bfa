import {
  startTestBroker,
  startTcpProxy,
  finishedEvent,
  sampleAttempt,
  startedEvent,
  stopRequestedEvent,
  submittedEvent,
  type TestServers,
} from '@orchestrator/testing'
import { describeOnBrokers, describeOnVersions } from '@orchestrator/testing/vitest'
import { describe, expect, it } from 'vitest'
import { attemptSubject, type LedgerEvent, newEventId, taskSubject } from '../../contracts/index.ts'
import { unavailable } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import type { Decision, Ledger, StoredEvent, SubjectHistory } from '../ports.ts'
import { createLedger } from './ledger.ts'

const { signal } = new AbortController()
let server: TestServers
let broker: Broker
let ledger: Ledger
const describeOnEach = describeOnBrokers(async (servers) => {
  server = servers
  broker = await servers.connect('test')
  ledger = await createLedger(broker)
})

/** As a submitter: the next attempt of the task, or the one that this key already made. */
function submitNext(taskId: string, eventId: string) {
  return {
    subject: taskSubject(sampleAttempt(taskId)),
    eventId,
    signal,
    decide: ({ events, lastSeq }: SubjectHistory): Decision<never> => ({
      kind: 'publish',
      event: submittedEvent(sampleAttempt(taskId, events.length + 1), { id: eventId }),
      expectedSeq: lastSeq,
    }),
  }
}

/** A broker whose acknowledgements get lost after the message was stored. */
function losingAcks(real: Broker, lose: (publish: number) => boolean): Broker {
  let publishes = 0
  const publish: Broker['publish'] = async (message) => {
    const ack = await real.publish(message)
    publishes += 1
    if (lose(publishes)) throw unavailable('publishing')
    return ack
  }
  return Object.create(real, { publish: { value: publish }, connected: { get: () => real.connected } })
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items)
}

describeOnEach('publish', () => {
  it('stores an event that expects an empty subject', async () => {
    const published = await ledger.publish(submitNext('100', newEventId()))
    expect(published.kind).toBe('stored')
    const { events } = await ledger.read(taskSubject(sampleAttempt('100')), signal)
    expect(events).toHaveLength(1)
    expect(published).toMatchObject({ stored: { seq: events[0]?.seq } })
  })

  it('gives fifty racing submits fifty different numbers, although every third acknowledgement is lost', async () => {
    const unreliable = await createLedger(losingAcks(broker, (n) => n % 3 === 0))
    const ids = Array.from({ length: 50 }, newEventId)
    const published = await Promise.all(ids.map((id) => unreliable.publish(submitNext('101', id))))
    const { events } = await ledger.read(taskSubject(sampleAttempt('101')), signal)
    expect(events).toHaveLength(50)
    expect(new Set(events.map(({ event }) => event.id))).toEqual(new Set(ids))
    const numbers = events.map(({ event }) => event.type === 'task.submitted' && event.data.attempt.n)
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    const sequences = published.map((answer) => answer.kind === 'stored' && answer.stored.seq)
    expect(new Set(sequences)).toEqual(new Set(events.map(({ seq }) => seq)))
  }, 60_000)

  it('publishes optimistically without reading, and reads only when refused', async () => {
    let decided = 0
    const request = submitNext('102', newEventId())
    const counting = { ...request, decide: (history: SubjectHistory) => (decided++, request.decide(history)) }
    const optimistic = {
      kind: 'publish',
      event: submittedEvent(sampleAttempt('102'), { id: request.eventId }),
      expectedSeq: 0,
    } as const
    await ledger.publish({ ...counting, optimistic })
    expect(decided).toBe(0)
    const second = { ...counting, ...submitNext('102', newEventId()) }
    const decide = (history: SubjectHistory) => (decided++, second.decide(history))
    await ledger.publish({
      ...second,
      decide,
      optimistic: { ...optimistic, event: submittedEvent(sampleAttempt('102'), { id: second.eventId }) },
    })
    expect(decided).toBe(1)
  })

  it('does not accept an acknowledgement that says duplicate', async () => {
    let calls = 0
    const publish: Broker['publish'] = async (message) => {
      calls += 1
      return calls === 1 ? { seq: 1, duplicate: true } : await broker.publish(message)
    }
    const doubtful: Broker = Object.create(broker, { publish: { value: publish }, connected: { value: true } })
    const published = await (await createLedger(doubtful)).publish(submitNext('103', newEventId()))
    expect(calls).toBe(2)
    expect(published).toMatchObject({ kind: 'stored' })
    expect((await ledger.read(taskSubject(sampleAttempt('103')), signal)).events).toHaveLength(1)
  })

  it('lets nothing follow the terminal event, whoever races for it', async () => {
    const ref = sampleAttempt('104')
    const subject = attemptSubject(ref)
    const unlessFinished = (event: LedgerEvent) => ({
      subject,
      eventId: event.id,
      signal,
      decide: ({ events, lastSeq }: SubjectHistory): Decision<string> =>
        events.some((stored) => stored.event.type === 'attempt.finished')
          ? { kind: 'settled', value: 'finished' }
          : { kind: 'publish', event, expectedSeq: lastSeq },
    })
    const racing = [startedEvent(ref), stopRequestedEvent(ref), ...Array.from({ length: 8 }, () => finishedEvent(ref))]
    await Promise.all(racing.map((event) => ledger.publish(unlessFinished(event))))
    const { events } = await ledger.read(subject, signal)
    const types = events.map(({ event }) => event.type)
    expect(types.filter((type) => type === 'attempt.finished')).toHaveLength(1)
    expect(types.at(-1)).toBe('attempt.finished')
  })

  it('refuses an event after the submission that is larger than 8 KiB', async () => {
    const ref = sampleAttempt('105')
    const finished = finishedEvent(ref)
    const event = { ...finished, data: { ...finished.data, message: 'x'.repeat(9000) } }
    const request = {
      subject: attemptSubject(ref),
      eventId: event.id,
      signal,
      decide: () => ({ kind: 'publish', event, expectedSeq: 0 }) as const,
    }
    await expect(ledger.publish(request)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  it('goes through to exactly one stored event when the connection is cut after the broker stored it', async () => {
    const [url = ''] = server.url.split(',')
    await using proxy = await startTcpProxy(url)
    const behind = await server.connect('behind', { url: proxy.url })
    const distant = await createLedger(behind)
    proxy.loseAnswers()
    const id = newEventId()
    const event = submittedEvent(sampleAttempt('107'), { id })
    const publishing = distant.publish({
      ...submitNext('107', id),
      optimistic: { kind: 'publish', event, expectedSeq: 0 },
    })
    const subject = taskSubject(sampleAttempt('107'))
    await expect.poll(async () => (await ledger.read(subject, signal)).events.length).toBe(1)
    proxy.heal()
    await expect(publishing).resolves.toMatchObject({ kind: 'stored', stored: { event: { id } } })
    expect((await ledger.read(subject, signal)).events).toHaveLength(1)
    await behind[Symbol.asyncDispose]()
  }, 20_000)
})

describeOnEach('reading', () => {
  it('leaves out foreign events and refuses to pass over those that it should understand', async () => {
    const subject = taskSubject(sampleAttempt('200'))
    await ledger.publish(submitNext('200', newEventId()))
    const { seq: foreign } = await broker.js.publish(subject, JSON.stringify({ type: 'some.other.thing' }))
    const history = await ledger.read(subject, signal)
    expect(history).toMatchObject({ lastSeq: foreign })
    expect(history.events).toHaveLength(1)
    await broker.js.publish(subject, JSON.stringify({ type: 'task.submitted.v2' }))
    await expect(ledger.read(subject, signal)).rejects.toMatchObject({ code: 'EVENT_TOO_NEW', retryable: true })
    const damaged = taskSubject(sampleAttempt('201'))
    await broker.js.publish(damaged, '{"type":"task.submitted"}')
    await expect(ledger.read(damaged, signal)).rejects.toMatchObject({ code: 'EVENT_UNREADABLE', retryable: false })
  })

  it('scans past what it cannot read, unless that decides something', async () => {
    await ledger.publish(submitNext('203', newEventId()))
    const subject = taskSubject(sampleAttempt('203'))
    const scan = (refuse: 'newer' | 'all') => collect(ledger.scan({ subjects: [subject], refuse, signal }))
    await broker.js.publish(subject, JSON.stringify({ type: 'some.other.thing' }))
    expect(await scan('all')).toHaveLength(1)
    await broker.js.publish(subject, '{"type":"task.submitted"}')
    expect(await scan('newer')).toHaveLength(1)
    await expect(scan('all')).rejects.toMatchObject({ code: 'EVENT_UNREADABLE', retryable: false })
    await broker.js.publish(subject, JSON.stringify({ type: 'task.submitted.v2' }))
    await expect(scan('newer')).rejects.toMatchObject({ code: 'EVENT_TOO_NEW', retryable: true })
    expect(await collect(ledger.scan({ subjects: [subject], signal }))).toHaveLength(1)
  })

  it('finds an event by its sequence', async () => {
    const published = await ledger.publish(submitNext('202', newEventId()))
    const seq = published.kind === 'stored' ? published.stored.seq : 0
    expect(await ledger.get(seq, signal)).toMatchObject({ seq, event: { type: 'task.submitted' } })
    expect(await ledger.get(1_000_000, signal)).toBeUndefined()
    expect(await ledger.get(0, signal)).toBeUndefined()
  })

  it('scans what is stored, by subject and last per subject', async () => {
    for (const taskId of ['210', '210', '211', '212']) await ledger.publish(submitNext(taskId, newEventId()))
    const subjects = ['task.*.*.210', 'task.*.*.211', 'task.*.*.212']
    const all = await collect(ledger.scan({ subjects, signal }))
    expect(all.map(({ subject }) => subject.split('.').at(-1))).toEqual(['210', '210', '211', '212'])
    const latest = await collect(ledger.scan({ subjects, lastPerSubject: true, signal }))
    expect(latest.map(({ seq }) => seq)).toEqual(all.slice(1).map(({ seq }) => seq))
    const everything = await collect(ledger.scan({ lastPerSubject: true, signal }))
    expect(everything.slice(-3)).toEqual(latest)
    const later = await collect(ledger.scan({ subjects, fromSeq: (all[1]?.seq ?? 0) + 1, signal }))
    expect(later).toEqual(all.slice(2))
    expect(await collect(ledger.scan({ subjects: ['task.*.*.299'], signal }))).toEqual([])
  })

  it('tells the room that is left of its share', async () => {
    const { freeBytes, freeShare } = await ledger.room(signal)
    expect(freeBytes).toBeGreaterThan(0)
    expect(freeShare).toBeLessThan(1)
    const tiny = await createLedger(broker, { ledgerMaxBytes: 10 })
    expect(await tiny.room(signal)).toEqual({ freeBytes: 0, freeShare: 0 })
  })

  it('knows its generation', () => {
    expect(ledger.generation).toBe(1)
  })
})

describeOnEach('follow', () => {
  it('delivers what is stored, says that it has caught up, goes on with what comes, and ends with the signal', async () => {
    const stop = new AbortController()
    for (let i = 0; i < 3; i += 1) await ledger.publish(submitNext('300', newEventId()))
    const seen: number[] = []
    const caughtUpAfter: number[] = []
    const following = (async () => {
      const options = {
        subjects: ['task.*.*.300'],
        signal: stop.signal,
        onCaughtUp: () => caughtUpAfter.push(seen.length),
      }
      for await (const { seq } of ledger.follow(options)) seen.push(seq)
    })()
    await expect.poll(() => caughtUpAfter).toEqual([3])
    await ledger.publish(submitNext('300', newEventId()))
    await expect.poll(() => seen).toHaveLength(4)
    stop.abort()
    await following
    expect(caughtUpAfter).toEqual([3])
  })

  it('says, in its place, what it does not hand out', async () => {
    const stop = new AbortController()
    const subject = taskSubject(sampleAttempt('301'))
    await ledger.publish(submitNext('301', newEventId()))
    for (const text of ['{"type":"other"}', '{"type":"task.submitted.v2"}', 'nonsense'])
      await broker.js.publish(subject, text)
    await ledger.publish({ ...submitNext('302', newEventId()) })
    const seen: unknown[] = []
    const following = (async () => {
      const options = {
        subjects: ['task.*.*.301', 'task.*.*.302'],
        signal: stop.signal,
        onPassedOver: ({ kind }: { kind: string }) => seen.push(kind),
      }
      for await (const { event } of ledger.follow(options)) seen.push(event.type)
    })()
    await expect.poll(() => seen).toEqual(['task.submitted', 'foreign', 'tooNew', 'unreadable', 'task.submitted'])
    stop.abort()
    await following
  })
})

describeOnVersions('a broker of its own', (binary) => {
  it('that is full is told apart from an unavailable broker, and nothing is stored', async () => {
    await using small = await startTestBroker({ binary, maxStorageBytes: 64 * 1024 })
    const own = await small.connect('small', { topology: false })
    await own.jsm.streams.add({ name: 'TASKS', subjects: ['task.>'] })
    const full = await createLedger(own)
    const fill = async (): Promise<void> => {
      for (let n = 1; n < 200; n += 1) await full.publish(submitNext('1', newEventId()))
    }
    await expect(fill()).rejects.toMatchObject({ code: 'LEDGER_FULL', retryable: true })
    expect(await full.room(signal)).toMatchObject({ freeBytes: expect.toSatisfy((free: number) => free < 4096) })
  })

  it('fails at once while disconnected', async () => {
    await using other = await startTestBroker({ binary })
    const lonely = await other.connect('lonely')
    const unreachable = await createLedger(lonely)
    await other.kill()
    await expect.poll(() => lonely.connected).toBe(false)
    const before = performance.now()
    await expect(unreachable.publish(submitNext('108', newEventId()))).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
    })
    expect(performance.now() - before).toBeLessThan(500)
  })

  it('misses and repeats nothing over crashes of the broker', async () => {
    await using crashing = await startTestBroker({ binary })
    const [reader, writer] = [await crashing.connect('reader'), await crashing.connect('writer')]
    const [reading, writing] = [await createLedger(reader), await createLedger(writer)]
    const stop = new AbortController()
    const seen: StoredEvent[] = []
    let caughtUp = 0
    const following = (async () => {
      for await (const stored of reading.follow({ signal: stop.signal, onCaughtUp: () => (caughtUp += 1) }))
        seen.push(stored)
    })()
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 100; i += 1) await writing.publish(submitNext(`${400 + i}`, newEventId()))
      await crashing.restart()
      await expect.poll(() => reader.connected && writer.connected, { timeout: 10_000 }).toBe(true)
    }
    await writing.publish(submitNext('600', newEventId()))
    await expect.poll(() => seen.length, { timeout: 15_000 }).toBe(301)
    expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 301 }, (_, i) => i + 1))
    expect(caughtUp).toBeGreaterThan(1)
    stop.abort()
    await following
  }, 60_000)
})

describe('a subject that never holds still', () => {
  it('is given up', async () => {
    await using single = await startTestBroker()
    const busy = await createLedger(await single.connect('busy'))
    const stale = {
      ...submitNext('106', newEventId()),
      decide: (): Decision<never> => ({
        kind: 'publish',
        event: submittedEvent(sampleAttempt('106')),
        expectedSeq: 999_999,
      }),
    }
    await expect(busy.publish(stale)).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' })
  }, 20_000)
})
