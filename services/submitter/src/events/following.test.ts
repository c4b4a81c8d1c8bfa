import {
  attemptSubject,
  LogEndLine,
  LogGapLine,
  logSubject,
  progressSubject,
  type LogBatch,
} from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { type Broker, createLedger, createLogs, createProgress } from '@orchestrator/shared/nats'
import { finishedEvent, progressedEvent, startedEvent, startTestBroker } from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

const PATIENCE = { timeout: 15_000, interval: 20 }
const REF = { service: 'trader', tag: 'master', taskId: '1', n: 1 }
const NAME = 'trader-claude-agent-1-task1-attempt1'

const line = (seq: number): string =>
  JSON.stringify({ seq, time: '2026-01-01T00:00:00.000Z', kind: 'text', text: `line ${seq} "\\u001b[31m` })

const batch = (seqs: readonly number[], head: Partial<LogBatch['head']> = {}): LogBatch => ({
  head: { v: 1, submittedId: 'x', first: seqs[0] ?? 1, last: seqs.at(-1) ?? 0, count: seqs.length, gaps: [], ...head },
  lines: seqs.map(line),
})

/** What launcher and watcher would publish. */
async function otherServices(broker: Broker): Promise<{
  publish(event: ReturnType<typeof startedEvent | typeof finishedEvent>): Promise<number>
  log(batch: LogBatch): Promise<void>
}> {
  const ledger = await createLedger(broker)
  const logs = createLogs(broker)
  let last = 0
  return {
    publish: async (event) => {
      const decide = ({ lastSeq }: { lastSeq: number }) => ({ kind: 'publish', event, expectedSeq: lastSeq }) as const
      const published = await ledger.publish({
        subject: attemptSubject(REF),
        eventId: event.id,
        decide,
        signal: AbortSignal.timeout(5000),
      })
      if (published.kind !== 'stored') throw new Error('not stored')
      return published.stored.seq
    },
    log: async (part) => {
      last = (await logs.publish(logSubject(REF), part, last)).seq
    },
  }
}

/** Lines as they come. */
async function* readLines(submitter: SubmitterFixture, query: string, signal?: AbortSignal): AsyncGenerator<string> {
  const response = await submitter.send(`/v1/attempts/${NAME}/logs?${query}`, signal === undefined ? {} : { signal })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  if (response.body === null) return
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

describe('following an attempt', () => {
  it('shows each phase as it comes, and what progress tells', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const { sequence } = await submitter.submit({ service: 'trader', taskId: 1 })
    expect(await submitter.attempt(NAME, sequence)).toMatchObject({ phase: 'Submitted', startedAt: null })
    const connection = await broker.connect('others')
    const progress = createProgress(connection)
    const tell = async (data: object): Promise<void> => {
      const event = progressedEvent(REF)
      Object.assign(event.data, data)
      await progress.publish(progressSubject(REF), event)
    }
    await tell({ phase: 'Queued', reason: 'WaitingForWorkspace', message: 'behind another', ahead: 2 })
    await vi.waitFor(
      async () =>
        expect(await submitter.attempt(NAME)).toMatchObject({ phase: 'Queued', ahead: 2, message: 'behind another' }),
      PATIENCE,
    )
    const others = await otherServices(connection)
    const startedSeq = await others.publish(startedEvent(REF))
    expect(await submitter.attempt(NAME, startedSeq)).toMatchObject({ phase: 'Starting', ahead: null, message: null })
    await tell({ phase: 'Running', step: 'testing', lastText: 'Let me see.', lastActions: ['Bash: make test'] })
    await vi.waitFor(
      async () =>
        expect(await submitter.attempt(NAME)).toMatchObject({
          phase: 'Running',
          step: 'testing',
          lastText: 'Let me see.',
        }),
      PATIENCE,
    )
    const finishedSeq = await others.publish(finishedEvent(REF))
    await tell({ phase: 'Running', step: 'gates' })
    expect(await submitter.attempt(NAME, finishedSeq)).toMatchObject({
      phase: 'Succeeded',
      step: null,
      verified: true,
      lastSequence: finishedSeq,
    })
    expect((await submitter.attempts('phase=Succeeded')).attempts).toHaveLength(1)
    expect((await submitter.attempts('phase=Running')).attempts).toEqual([])
  })

  it('is not sent again to whoever has it already, until something has changed', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const { sequence } = await submitter.submit({ service: 'trader', taskId: 1 })
    await submitter.attempt(NAME, sequence)
    const paths = [`/v1/attempts/${NAME}`, '/v1/attempts?service=trader', '/v1/tasks']
    const tags = await Promise.all(paths.map(async (path) => (await submitter.send(path)).headers.get('etag') ?? ''))
    const again = async (): Promise<number[]> =>
      await Promise.all(
        paths.map(async (path, at) => {
          const headers = { 'if-none-match': `"other", W/${tags[at] ?? ''}` }
          return (await submitter.send(path, { headers })).status
        }),
      )
    expect(await again()).toEqual([304, 304, 304])
    const stopped = await submitter.stop(NAME)
    await submitter.attempt(NAME, stopped.sequence)
    expect(await again()).toEqual([200, 200, 200])
  })

  it('answers at once for a name that another replica has just made', async () => {
    await using broker = await startTestBroker()
    await using one = await startSubmitter({ brokerUrl: broker.url })
    await using two = await startSubmitter({ brokerUrl: broker.url })
    await Promise.all([one.ready(), two.ready()])
    for (let taskId = 1; taskId <= 20; taskId += 1) {
      const { attempt } = await one.submit({ service: 'trader', taskId })
      expect((await two.attempt(attempt)).name).toBe(attempt)
    }
  })

  it('waits for no event that this release does not know, and leaves a task of a newer one to that', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const connection = await broker.connect('newer release')
    const { seq } = await connection.js.publish('task.trader.master.9', '{"type":"task.reviewed"}')
    expect(await submitter.refused('/v1/attempts/unknown')).toMatchObject({ status: 404 })
    expect((await submitter.attempts(`after=${seq}`)).attempts).toEqual([])
    await connection.js.publish('task.trader.master.1', '{"type":"task.submitted.v2"}')
    const body = post({ ...FIRST, service: 'trader', taskId: 1 })
    expect(await submitter.refused('/v1/tasks', body)).toMatchObject({ status: 503, code: 'EVENT_TOO_NEW' })
    expect((await submitter.submit({ service: 'trader', taskId: 2 })).n).toBe(1)
  })

  it('does not wait for ever for a sequence that never was', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    expect(await submitter.refused('/v1/attempts?after=1000')).toMatchObject({ status: 503, code: 'VIEW_NOT_READY' })
  })

  it('lists what was submitted in a time, its beginning included', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    for (let taskId = 1; taskId <= 5; taskId += 1) {
      const { attempt, sequence } = await submitter.submit({ service: 'trader', taskId })
      const { submittedAt } = await submitter.attempt(attempt, sequence)
      // Two of one millisecond could not be told apart.
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(submittedAt)))
    }
    const { attempts } = await submitter.attempts()
    const [, fourth, , second] = attempts.map(({ submittedAt }) => submittedAt)
    const shown = async (query: string): Promise<unknown> =>
      (await submitter.tasks(query)).tasks.map((task) => task.taskId)
    expect(await shown(`since=${fourth}`)).toEqual(['5', '4'])
    expect(await shown(`until=${second}`)).toEqual(['1'])
    expect(await shown(`since=${second}&until=${fourth}`)).toEqual(['3', '2'])
    expect(await shown('since=2126-01-01T00:00:00Z')).toEqual([])
    const { next } = await submitter.tasks(`since=${second}&until=${fourth}&limit=1`)
    expect(await shown(`since=${second}&until=${fourth}&limit=1&cursor=${next}`)).toEqual(['2'])
  })

  it('pages through lists without gaps or repeats', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    for (let taskId = 1; taskId <= 7; taskId += 1)
      await submitter.submit({ service: taskId % 2 === 0 ? 'even' : 'odd', taskId })
    const last = (await submitter.submit({ service: 'odd', taskId: 7 })).sequence
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = await submitter.attempts(
        `service=odd&limit=2&after=${last}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      seen.push(...page.attempts.map(({ taskId, n }) => `${taskId}/${n}`))
      cursor = page.next
    }
    expect(seen).toEqual(['7/2', '7/1', '5/1', '3/1', '1/1'])
    expect((await submitter.tasks('service=odd')).tasks.map(({ taskId, attempts }) => [taskId, attempts])).toEqual([
      ['7', 2],
      ['5', 1],
      ['3', 1],
      ['1', 1],
    ])
  })
})

describe('stopping', () => {
  it('asks once, and answers the second request with the first', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => submitter.stop(NAME, { note: 'wrong architecture' })),
    )
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1)
    expect(new Set(answers.map(({ sequence }) => sequence)).size).toBe(1)
    const again = await submitter.stop(NAME)
    expect(again.message).toMatch(/^A stop was asked before, at .* by local \(http\)/)
    expect(await submitter.attempt(NAME, again.sequence)).toMatchObject({ stopRequested: true, phase: 'Submitted' })
  })

  it('says of an ended attempt how it ended', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    const sequence = await others.publish(finishedEvent(REF))
    expect(await submitter.stop(NAME)).toEqual({
      attempt: NAME,
      phase: 'Succeeded',
      accepted: false,
      message: `${NAME} had already ended: Succeeded. Nothing was pushed by it; workspace-trader is kept.`,
      sequence,
    })
    expect(await submitter.refused('/v1/attempts/unknown/stop', post({}))).toMatchObject({ status: 404 })
    expect((await submitter.refused(`/v1/attempts/${NAME}/stop`, post({ note: 7 }))).errors).toMatchObject([
      { field: 'note', value: 7 },
    ])
  })
})

describe('logs', () => {
  it('are the lines as they were written, gaps in their place, and the end', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    await others.log(batch([1, 2]))
    expect(await Array.fromAsync(readLines(submitter, ''))).toEqual([line(1), line(2)])
    await others.log(batch([5], { gaps: [{ first: 3, last: 4 }] }))
    await others.log(batch([], { first: 6, last: 5, closing: { lines: 3, gaps: 2 } }))
    const gap = JSON.stringify(LogGapLine.parse({ kind: 'gap', first: 3, last: 4 }))
    const end = JSON.stringify(LogEndLine.parse({ kind: 'end', lines: 3, gaps: 2 }))
    expect(await Array.fromAsync(readLines(submitter, ''))).toEqual([line(1), line(2), gap, line(5), end])
    expect(await Array.fromAsync(readLines(submitter, 'fromLine=5&follow=true'))).toEqual([line(5), end])
  })

  it('come as server-sent events where they are asked for, and go on after the line that the reader has', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    await others.log(batch([1, 2]))
    await others.log(batch([5], { gaps: [{ first: 3, last: 4 }], closing: { lines: 3, gaps: 2 } }))
    const read = async (lastEventId: string): Promise<string[]> => {
      const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId }
      const response = await submitter.send(`/v1/attempts/${NAME}/logs`, { headers })
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      const [, ...messages] = (await response.text()).trimEnd().split('\n\n')
      return messages.map((message) => message.split('\n').slice(0, -1).join(' '))
    }
    expect(await read('0')).toEqual([
      'id: 1 event: line',
      'id: 2 event: line',
      'id: 4 event: gap',
      'id: 5 event: line',
      'event: end',
    ])
    expect(await read('2')).toEqual(['id: 4 event: gap', 'id: 5 event: line', 'event: end'])
    const init = { headers: { accept: 'text/event-stream', 'last-event-id': 'x' } }
    expect(await submitter.refused(`/v1/attempts/${NAME}/logs`, init)).toMatchObject({ status: 400 })
  })

  it('are followed from before the first line to the closing batch', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    const lines = readLines(submitter, 'follow=true')
    const first = lines.next()
    await others.log(batch([1]))
    expect((await first).value).toBe(line(1))
    const rest = Array.fromAsync(lines)
    await others.log(batch([2, 3]))
    await broker.restart()
    await vi.waitFor(() => others.log(batch([], { first: 4, last: 3, closing: { lines: 3, gaps: 0 } })), PATIENCE)
    expect(await rest).toEqual([line(2), line(3), '{"kind":"end","lines":3,"gaps":0}'])
  })

  it('begin to answer before there is a line', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const leaving = new AbortController()
    const response = await submitter.send(`/v1/attempts/${NAME}/logs?follow=true`, { signal: leaving.signal })
    expect(response.status).toBe(200)
    leaving.abort()
  })

  it('end when the verdict is old and no closing batch has come, with all that is there', async () => {
    await using broker = await startTestBroker()
    const lead = { ms: 0 }
    const clock = { ...systemClock, now: () => new Date(Date.now() + lead.ms) }
    await using submitter = await startSubmitter({ brokerUrl: broker.url, clock })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    await others.log(batch([1]))
    const finished = finishedEvent(REF)
    finished.data.logs = { lines: 2, gaps: 1 }
    const whole = [line(1), '{"kind":"gap","first":2,"last":3}', '{"kind":"end","lines":1,"gaps":2}']
    await submitter.attempt(NAME, await others.publish(finished))
    expect(await Array.fromAsync(readLines(submitter, ''))).toEqual([line(1)])
    const following = Array.fromAsync(readLines(submitter, 'follow=true'))
    await vi.waitFor(
      async () => expect((await (await broker.connect('look')).jsm.streams.info('LOGS')).state.consumer_count).toBe(1),
      PATIENCE,
    )
    lead.ms = 10_000
    expect(await following).toEqual(whole)
    expect(await Array.fromAsync(readLines(submitter, 'follow=true'))).toEqual(whole)
    expect(await Array.fromAsync(readLines(submitter, ''))).toEqual(whole)
  })

  it('let go of the broker when the client leaves, and when the submitter stops', async () => {
    await using broker = await startTestBroker()
    const connection = await broker.connect('others')
    const consumers = async (): Promise<number> => (await connection.jsm.streams.info('LOGS')).state.consumer_count
    const submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(connection)
    await others.log(batch([1]))
    const leaving = new AbortController()
    const lines = readLines(submitter, 'follow=true', leaving.signal)
    expect((await lines.next()).value).toBe(line(1))
    expect(await consumers()).toBe(1)
    leaving.abort()
    await vi.waitFor(async () => expect(await consumers()).toBe(0), PATIENCE)
    await expect(lines.next()).rejects.toThrow()
    const staying = readLines(submitter, 'follow=true')
    expect((await staying.next()).value).toBe(line(1))
    await submitter[Symbol.asyncDispose]()
    expect(await staying.next()).toEqual({ done: true, value: undefined })
    await vi.waitFor(async () => expect(await consumers()).toBe(0), PATIENCE)
  })

  it('wait for a slow reader', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const others = await otherServices(await broker.connect('others'))
    const wide = JSON.stringify({ seq: 1, time: '2026-01-01T00:00:00.000Z', kind: 'text', text: 'x'.repeat(10_000) })
    for (let i = 0; i < 200; i += 1) {
      const seqs = Array.from({ length: 5 }, (_, index) => i * 5 + index + 1)
      await others.log({ ...batch(seqs), lines: seqs.map((seq) => wide.replace('"seq":1', `"seq":${seq}`)) })
    }
    await others.log(batch([], { first: 1001, last: 1000, closing: { lines: 1000, gaps: 0 } }))
    let count = 0
    for await (const text of readLines(submitter, '')) {
      count += 1
      if (count % 100 === 0) await new Promise(setImmediate)
      if (count <= 1000) expect(text.startsWith(`{"seq":${count},`)).toBe(true)
    }
    expect(count).toBe(1001)
  })
})
