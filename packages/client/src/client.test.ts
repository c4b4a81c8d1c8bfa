import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock, TerminalError } from '@orchestrator/shared/core'
import { describe, expect, it } from 'vitest'
import { type Client, createClient, type EventItem, type LogLine, ServerError } from './index.ts'
import { attemptView, problem, startFakeServer, submitAnswer } from './testing/fake-server.ts'

const NAME = 'trader-claude-agent-1-task1-attempt1'
const quick: Clock = { ...systemClock, sleep: async (_ms, signal) => await systemClock.sleep(1, signal) }

interface RawServer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly IncomingMessage[]
}

async function startRawServer(listener: RequestListener): Promise<RawServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

async function refused(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('an operation', () => {
  it('is sent as the document says: path, query, headers and body', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    const client = createClient({ url: server.url, door: 'cli', token: 'orc_secret' })
    const answer = await client.retryTask({
      path: { service: 'trader', id: '../7' },
      query: { tag: undefined },
      header: { 'Idempotency-Key': 'once' },
      body: { guidance: 'Use reqwest.', agent: undefined },
    })
    expect(answer.attempt).toBe(NAME)
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/tasks/trader/..%2F7/retry',
        body: { guidance: 'Use reqwest.' },
        headers: {
          authorization: 'Bearer orc_secret',
          'content-type': 'application/json',
          'idempotency-key': 'once',
          'x-orchestrator-door': 'cli',
        },
      },
    ])
  })

  it('keeps the path that a server is found under', async () => {
    await using server = await startFakeServer(() => ({ json: attemptView() }))
    await createClient({ url: `${server.url}/orchestrator/` }).getAttempt({ path: { name: NAME } })
    expect(server.requests[0]?.path).toBe(`/orchestrator/v1/attempts/${NAME}`)
  })

  it('asks for the token at each request, so that it may be replaced', async () => {
    await using server = await startFakeServer(() => ({ json: attemptView() }))
    const tokens = ['one', undefined, 'two']
    const client = createClient({ url: server.url, token: () => tokens.shift() })
    for (let n = 0; n < 3; n += 1) await client.getAttempt({ path: { name: NAME } })
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', undefined, 'Bearer two'])
  })

  it.each([
    [400, false],
    [404, false],
    [409, false],
    [429, true],
    [503, true],
  ])('that is refused with %i says so by its code, and whether to try again', async (status, retryable) => {
    await using server = await startFakeServer(() => problem(status, 'no'))
    const error = await refused(createClient({ url: server.url }).listTasks())
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ code: 'INPUT_INVALID', retryable, message: 'no', problem: { status } })
  })

  it('says how long to wait where the server does', async () => {
    await using server = await startRawServer((_request, response) => {
      const body = { type: 'about:blank', title: 'x', status: 429, detail: 'x', code: 'TOO_MANY_REQUESTS' }
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '2' })
      response.end(JSON.stringify(body))
    })
    expect(await refused(createClient({ url: server.url }).listTasks())).toMatchObject({ retryAfterMs: 2000 })
  })

  it.each([
    ['text/html', 200, '<p>Hello</p>'],
    ['text/html', 502, 'Bad gateway'],
    ['application/problem+json', 400, '{"code":7}'],
    ['application/json', 200, '<p>Hello</p>'],
  ])('that something else answers, with %s and %i, is told by the address', async (type, status, body) => {
    await using server = await startRawServer((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body)
    })
    const error = await refused(createClient({ url: server.url, source: 'a test' }).listTasks())
    expect(error).toBeInstanceOf(TerminalError)
    expect(error).toMatchObject({ code: 'SERVER_UNREACHABLE' })
    expect(String(error)).toContain(`${server.url} (from a test)`)
  })

  it('never follows to another address', async () => {
    await using other = await startFakeServer(() => ({ json: attemptView() }))
    await using server = await startRawServer((_request, response) => {
      response.writeHead(307, { location: other.url }).end()
    })
    const client = createClient({ url: server.url, token: 'orc_secret' })
    expect(await refused(client.getAttempt({ path: { name: NAME } }))).toMatchObject({ code: 'SERVER_UNREACHABLE' })
    expect(other.requests).toEqual([])
  })

  it('ends with the signal of the call, and with that of the client', async () => {
    await using server = await startRawServer(() => undefined)
    const own = new AbortController()
    const all = new AbortController()
    const client = createClient({ url: server.url, signal: all.signal })
    const one = refused(client.listTasks({ signal: own.signal }))
    const other = refused(client.listTasks())
    await expect.poll(() => server.requests.length).toBe(2)
    own.abort(new Error('enough'))
    expect(await one).toMatchObject({ message: 'enough' })
    all.abort(new Error('all of it'))
    expect(await other).toMatchObject({ message: 'all of it' })
    expect(await refused(client.listTasks())).toMatchObject({ message: 'all of it' })
  })

  it('answers what a server that is not ready says of itself', async () => {
    const readiness = { ready: false, checks: { broker: 'disconnected' } }
    await using server = await startRawServer((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(readiness))
    })
    expect(await createClient({ url: server.url }).getReadiness()).toEqual(readiness)
  })

  it('has a way by its path, for status and headers', async () => {
    await using server = await startRawServer((request, response) => {
      const isKnown = request.headers['if-none-match'] === '"1"'
      response.writeHead(isKnown ? 304 : 200, { etag: '"1"', 'content-type': 'application/json' })
      response.end(isKnown ? undefined : JSON.stringify({ tasks: [], next: null }))
    })
    const { http } = createClient({ url: server.url })
    const first = await http.GET('/v1/tasks')
    const header = { 'If-None-Match': first.response.headers.get('etag') ?? '' }
    const second = await http.GET('/v1/tasks', { params: { header } })
    expect({ data: first.data, again: second.response.status }).toEqual({ data: { tasks: [], next: null }, again: 304 })
  })
})

const EVENT = { specversion: '1.0', id: 'x', source: 's', type: 'task.submitted', subject: 'a', time: 't', data: {} }

function frame(id: string, sequence: string): string {
  return `id: ${id}\nevent: task.submitted\ndata: ${JSON.stringify({ ...EVENT, sequence })}\n\n`
}

async function take<T>(items: AsyncIterable<T>, count: number): Promise<readonly T[]> {
  const taken: T[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

/** Answers each connection with the next part, and ends it. */
async function startStream(...parts: readonly (string | number)[]): Promise<RawServer> {
  let at = 0
  return await startRawServer((_request, response) => {
    const part = parts[at] ?? ': quiet\n\n'
    at += 1
    if (typeof part === 'string') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(part, () => {
        if (at <= parts.length) response.destroy()
      })
      return
    }
    response.writeHead(part, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ type: 'x', title: 'x', status: part, detail: 'x', code: 'X' }))
  })
}

const lastIds = ({ requests }: RawServer): unknown[] => requests.map(({ headers }) => headers['last-event-id'])

describe('events', () => {
  const events = (server: RawServer, more: Parameters<Client['events']>[0] = {}): AsyncIterable<EventItem> =>
    createClient({ url: server.url, clock: quick }).events(more)

  it('go on where a connection broke, each told once, gaps between them', async () => {
    const gap = { reason: 'restored', sequence: 3, message: 'look again' }
    await using server = await startStream(
      `id: 1-0\nretry: 7\n\n${frame('1-1', '1')}`,
      503,
      `${frame('1-2', '2')}event: gap\ndata: ${JSON.stringify(gap)}\n\n`,
    )
    const troubles: unknown[] = []
    const items = await take(
      events(server, { service: 'trader', fromSequence: 1, onTrouble: (why) => troubles.push(why) }),
      3,
    )
    expect(items).toMatchObject([
      { kind: 'event', id: '1-1', event: { sequence: '1' } },
      { kind: 'event', id: '1-2', event: { sequence: '2' } },
      { kind: 'gap', gap },
    ])
    expect(lastIds(server)).toEqual([undefined, '1-1', '1-1'])
    expect(server.requests[0]?.url).toBe('/v1/events?service=trader&fromSequence=1')
    expect(troubles.length).toBe(1)
  })

  it('miss nothing where a connection broke before the first of them', async () => {
    await using server = await startStream('id: 1-17\nretry: 7\n\n', frame('1-18', '18'))
    expect(await take(events(server), 1)).toMatchObject([{ id: '1-18' }])
    expect(lastIds(server)).toEqual([undefined, '1-17'])
  })

  it('begin after the one that the reader has', async () => {
    await using server = await startStream(frame('2-9', '9'))
    await take(events(server, { lastEventId: '2-8' }), 1)
    expect(lastIds(server)).toEqual(['2-8'])
  })

  it('go on over a connection that nobody has closed and nobody speaks on', async () => {
    let connections = 0
    await using server = await startRawServer((_request, response) => {
      connections += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(`1-${connections}`, String(connections)))
    })
    const troubles: unknown[] = []
    const items = await take(events(server, { silenceMs: 50, onTrouble: (why) => troubles.push(why) }), 2)
    expect(items).toMatchObject([{ id: '1-1' }, { id: '1-2' }])
    expect(lastIds(server)).toEqual([undefined, '1-1'])
    expect(troubles).toMatchObject([{ message: 'the server says nothing' }])
  })

  it('end at once with a refusal that no waiting mends', async () => {
    await using server = await startStream(401)
    expect(await refused(take(events(server), 1))).toMatchObject({ code: 'X', retryable: false })
  })

  it('give a server up that stays away', async () => {
    await using server = await startStream(503, 503, 503, 503, 503)
    let now = 0
    const clock = { ...quick, monotonicMs: () => (now += 10_000) }
    const client = createClient({ url: server.url, clock })
    expect(await refused(take(client.events({ patienceMs: 20_000 }), 1))).toMatchObject({ code: 'X', retryable: true })
    expect(server.requests.length).toBe(3)
  })

  it('end with the signal', async () => {
    await using server = await startStream()
    const stop = new AbortController()
    const reading = refused(take(events(server, { signal: stop.signal }), 1))
    await expect.poll(() => server.requests.length).toBe(1)
    stop.abort(new Error('enough'))
    expect(await reading).toMatchObject({ message: 'enough' })
  })
})

describe('a log', () => {
  const line = (seq: number): LogLine => ({ seq, kind: 'text', text: 'ä'.repeat(40) })
  const end: LogLine = { kind: 'end', lines: 2, gaps: 1 }

  it('is read line by line, however it is cut on its way', async () => {
    const bytes = Buffer.from([line(1), line(2), end].map((one) => JSON.stringify(one)).join('\n'))
    await using server = await startRawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const write = (at: number): void => {
        if (at >= bytes.length) response.end()
        else response.write(bytes.subarray(at, at + 7), () => setImmediate(write, at + 7))
      }
      write(0)
    })
    const client = createClient({ url: server.url })
    expect(await Array.fromAsync(client.logs(NAME, { fromLine: 1 }))).toEqual([line(1), line(2), end])
  })

  it('is followed to its end over connections that break, gaps told', async () => {
    const gap: LogLine = { kind: 'gap', first: 2, last: 5 }
    const told = (id: string, event: string, data: LogLine): string =>
      `${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    await using server = await startStream(
      told('id: 1\n', 'line', line(1)) + told('id: 5\n', 'gap', gap),
      told('id: 6\n', 'line', line(6)) + told('', 'end', end),
    )
    const client = createClient({ url: server.url, clock: quick })
    expect(await Array.fromAsync(client.logs(NAME, { follow: true }))).toEqual([line(1), gap, line(6), end])
    expect(lastIds(server)).toEqual([undefined, '5'])
  })
})
