import { EventGap, StreamedEvent } from '@orchestrator/shared/contracts'
import { createTestClock, startTestBroker, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'
import { startOf } from './ledger-events.ts'
import { withHeartbeats } from './sse.ts'

let broker: TestBroker
let submitter: SubmitterFixture

beforeAll(async () => {
  broker = await startTestBroker()
  submitter = await startSubmitter({ brokerUrl: broker.url })
  await submitter.ready()
})

afterAll(async () => {
  await submitter[Symbol.asyncDispose]()
  await broker[Symbol.asyncDispose]()
})

interface Message {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

interface Reading {
  readonly query?: string
  readonly lastEventId?: string
  readonly signal?: AbortSignal
  readonly of?: SubmitterFixture
}

/** Messages as they come. */
async function* readEvents({ query = '', lastEventId, signal, of = submitter }: Reading): AsyncGenerator<Message> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await of.send(`/v1/events?${query}`, { headers, ...(signal === undefined ? {} : { signal }) })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let rest = ''
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    yield* blocks.map((block) =>
      Object.fromEntries(block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)])),
    )
  }
}

/** The first ones that carry data. */
async function take(count: number, reading: Reading): Promise<Message[]> {
  const taken: Message[] = []
  for await (const message of readEvents(reading)) {
    if (message.data !== undefined) taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

const subjectsOf = (messages: readonly Message[]): string[] =>
  messages.map(({ data = '' }) => StreamedEvent.parse(JSON.parse(data)).subject)

describe('the events of the ledger', () => {
  it('come from the sequence that was asked for, of one task alone, and what comes later follows', async () => {
    const first = await submitter.submit({ service: 'trader', taskId: 1 })
    await submitter.submit({ service: 'trader', taskId: 2 })
    await submitter.submit({ service: 'other', taskId: 1 })
    const stopped = take(2, { query: `service=trader&taskId=1&fromSequence=1` })
    const { sequence } = await submitter.stop(first.attempt)
    const messages = await stopped
    expect(messages.map(({ event }) => event)).toEqual(['task.submitted', 'task.stopRequested'])
    expect(messages.map(({ id }) => id)).toEqual([`1-${first.sequence}`, `1-${sequence}`])
    const data = StreamedEvent.parse(JSON.parse(messages[1]?.data ?? ''))
    expect(Number(data.sequence)).toBe(sequence)
    expect(await take(1, { query: 'service=other&fromSequence=1' }).then(subjectsOf)).toEqual([
      expect.stringContaining('other-'),
    ])
  })

  it('go on after the event that the reader has', async () => {
    const [one, two] = [
      await submitter.submit({ service: 'resumed', taskId: 1 }),
      await submitter.submit({ service: 'resumed', taskId: 2 }),
    ]
    const messages = await take(1, { query: 'service=resumed', lastEventId: `1-${one.sequence}` })
    expect(subjectsOf(messages)).toEqual([two.attempt])
  })

  it('name the place to go on from before the first of them', async () => {
    const { sequence } = await submitter.submit({ service: 'quiet', taskId: 1 })
    const [begin] = await firstOf(readEvents({ query: 'service=quiet' }))
    expect(begin).toEqual({ id: `1-${sequence}`, retry: '2000' })
  })

  it('have a gap where the ledger is another one, or this release cannot read', async () => {
    const { sequence } = await submitter.submit({ service: 'gone', taskId: 1 })
    const [gap] = await take(1, { query: 'service=gone', lastEventId: `1-${sequence + 1000}` })
    expect(gap?.event).toBe('gap')
    expect(EventGap.parse(JSON.parse(gap?.data ?? ''))).toMatchObject({ reason: 'restored', sequence })

    const connection = await broker.connect('newer release')
    await connection.js.publish('task.gone.master.9', '{"type":"task.reviewed"}')
    await submitter.submit({ service: 'gone', taskId: 2 })
    const messages = await take(3, { query: 'service=gone&fromSequence=1' })
    expect(messages.map(({ event }) => event)).toEqual(['task.submitted', 'gap', 'task.submitted'])
  })

  it('refuse an id that was never sent', async () => {
    const init = { headers: { 'last-event-id': '17; DROP TABLE' } }
    expect(await submitter.refused('/v1/events', init)).toMatchObject({
      status: 400,
      errors: [{ field: 'last-event-id', value: '17; DROP TABLE' }],
    })
  })

  it('end when the service stops, and cost the broker nothing once the reader has left', async () => {
    const stopping = await startSubmitter({ brokerUrl: broker.url })
    await stopping.ready()
    const { jsm } = await broker.connect('counting')
    const consumers = async (): Promise<number> => (await jsm.streams.info('TASKS')).state.consumer_count
    const before = await consumers()
    const leaving = new AbortController()
    const left = firstOf(readEvents({ of: stopping, signal: leaving.signal }), Number.POSITIVE_INFINITY)
    const stayed = firstOf(readEvents({ of: stopping }), Number.POSITIVE_INFINITY)
    await expect.poll(consumers).toBe(before + 2)
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    await expect.poll(consumers).toBe(before + 1)
    await stopping[Symbol.asyncDispose]()
    expect(await stayed).toEqual([expect.objectContaining({ retry: '2000' })])
  })

  it('begin where the reader stands, or with a gap where the ledger was restored since', () => {
    const end = { generation: 2, sequence: 10 }
    const begin = (sequence: number, generation = 2) =>
      startOf({ after: { generation, sequence }, fromSequence: undefined }, end)
    expect(begin(10)).toEqual({ position: end, gap: undefined })
    expect(begin(7)).toEqual({ position: { generation: 2, sequence: 7 }, gap: undefined })
    expect(begin(11)).toMatchObject({ position: end, gap: { reason: 'restored', sequence: 10 } })
    expect(begin(7, 1)).toMatchObject({ position: end, gap: { reason: 'restored', sequence: 10 } })
    expect(startOf({ after: undefined, fromSequence: undefined }, end).position).toEqual(end)
    expect(startOf({ after: undefined, fromSequence: 99 }, end).position).toEqual(end)
    expect(startOf({ after: undefined, fromSequence: 1 }, end).position).toEqual({ generation: 2, sequence: 0 })
  })
})

describe('a stream that says nothing', () => {
  it('is kept alive by comments, and its source is not read ahead of a slow reader', async () => {
    const clock = createTestClock()
    const { promise, resolve } = Promise.withResolvers<void>()
    let read = 0
    const source = async function* (): AsyncGenerator<string> {
      await promise
      for (read = 1; read <= 3; read += 1) yield String(read)
    }
    const texts = withHeartbeats(source(), clock)
    const quiet = texts.next()
    await clock.advance(15_000)
    expect(await quiet).toEqual({ done: false, value: ': still here\n\n' })
    resolve()
    expect(await texts.next()).toEqual({ done: false, value: '1' })
    expect(read).toBeLessThanOrEqual(2)
    await texts.return(undefined)
  })
})

async function firstOf(messages: AsyncIterable<Message>, count = 1): Promise<Message[]> {
  const taken: Message[] = []
  for await (const message of messages) if (taken.push(message) === count) break
  return taken
}
