/** The generated client against a real submitter: what the document promises is what it gets. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Client, createClient, type EventItem, type LogLine, ServerError } from '@orchestrator/client'
import {
  accessTokenOf,
  type AttemptRef,
  attemptSubject,
  type LogBatch,
  logSubject,
  Settings,
} from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createLedger, createLogs } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { createSubmitterApp, type SubmitterApp } from '@orchestrator/submitter'
import { SubmitterEnvironment } from '@orchestrator/submitter/config'
import {
  finishedEvent,
  sampleAttempt,
  startedEvent,
  startTestBroker,
  temporaryDirectory,
  type TestBroker,
} from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const ADMIN = accessTokenOf(Buffer.alloc(32, 7))
const FIRST = {
  agent: 'claude-agent-1',
  repositoryUrl: 'git@github.com:example/trader.git',
  platformRepositoryUrl: 'https://github.com/example/platform.git',
}
const settings = Settings.parse({ agents: { 'claude-agent-1': { adapter: 'command', command: ['true'] } } })

let stack: AsyncDisposableStack
let broker: TestBroker
let port: number
let adminTokenFile: string
let app: SubmitterApp
let client: Client

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** At the same address each time, as a service that is started again. */
async function start(): Promise<void> {
  const logger = createLogger({ name: 'submitter', level: 'silent' })
  const variables = { NATS_URL: broker.url, NATS_REPLICAS: 1, PORT: port, VIEW_FILE: ':memory:' }
  const config = SubmitterEnvironment.parse({
    ...variables,
    REQUIRE_TOKENS: 'true',
    ADMIN_TOKEN_FILE: adminTokenFile,
  })
  app = await createSubmitterApp({ config, settings, logger, clock: systemClock })
  await vi.waitFor(async () => expect(await client.getReadiness()).toMatchObject({ ready: true }), { timeout: 20_000 })
}

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  broker = stack.use(await startTestBroker())
  adminTokenFile = join(stack.use(await temporaryDirectory()).path, 'admin.token')
  await writeFile(adminTokenFile, `${ADMIN}\n`)
  port = await freePort()
  client = createClient({ url: `http://127.0.0.1:${port}`, token: ADMIN })
  await start()
  stack.defer(async () => await app[Symbol.asyncDispose]())
})

afterAll(async () => {
  await stack.disposeAsync()
})

/** What launcher and watcher publish; the sequence of the end. */
async function finish(ref: AttemptRef, logs = { lines: 0, gaps: 0 }): Promise<number> {
  const ledger = await createLedger(await broker.connect('ledger'))
  const { signal } = new AbortController()
  let sequence = 0
  const finished = finishedEvent(ref)
  Object.assign(finished.data, { logs })
  for (const event of [startedEvent(ref), finished]) {
    const decide = ({ lastSeq }: { lastSeq: number }) => ({ kind: 'publish', event, expectedSeq: lastSeq }) as const
    const published = await ledger.publish({ subject: attemptSubject(ref), eventId: event.id, decide, signal })
    if (published.kind === 'stored') sequence = published.stored.seq
  }
  return sequence
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('the generated client', () => {
  it('submits once under one key, reads its own writes, and answers a failure with guidance', async () => {
    const body = { service: 'trader', taskId: 1, ...FIRST }
    const header = { 'Idempotency-Key': 'once' }
    const first = await client.submitTask({ body, header })
    expect(await client.submitTask({ body, header })).toMatchObject({ repeated: true, attempt: first.attempt })
    const path = { name: first.attempt }
    expect(await client.getAttempt({ path, query: { after: first.sequence } })).toMatchObject({ phase: 'Submitted' })

    const after = await finish(sampleAttempt('1', 1, 'trader'))
    expect(await client.getAttempt({ path, query: { after } })).not.toMatchObject({ finishedAt: null })
    const task = { service: 'trader', id: '1' }
    const second = await client.retryTask({ path: task, body: { guidance: 'Use reqwest.', previous: 1 } })
    expect(second).toMatchObject({ n: 2, previous: first.attempt, guidance: 'Use reqwest.' })
    const stale = await refusal(client.retryTask({ path: task, body: { guidance: 'Again.', previous: 1 } }))
    expect(stale).toBeInstanceOf(ServerError)
    expect(stale).toMatchObject({ code: 'PREVIOUS_NOT_LATEST', retryable: false, problem: { status: 409 } })
    expect(await client.stopAttempt({ path: { name: second.attempt } })).toMatchObject({ accepted: true })
  })

  it('is told every fault of a request at once', async () => {
    const error = await refusal(client.submitTask({ body: { service: 'No Service', taskId: -1 } }))
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      problem: { errors: [{ field: 'service' }, { field: 'taskId' }] },
    })
  })

  it('pages through what a filter leaves', async () => {
    for (const taskId of [1, 2, 3]) await client.submitTask({ body: { service: 'pages', taskId, ...FIRST } })
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { service: 'pages', phase: 'Submitted', since: '2026-01-01T00:00:00Z', limit: 2, cursor } as const
      const { attempts, next } = await client.listAttempts({ query })
      seen.push(...attempts.map(({ taskId }) => taskId))
      cursor = next
    }
    expect(seen).toEqual(['3', '2', '1'])
    expect(await client.listTasks({ query: { service: 'pages', until: '2026-01-01T00:00:00Z' } })).toEqual({
      tasks: [],
      next: null,
    })
  })

  it('need not be sent what it has', async () => {
    const params = { query: { service: 'pages' } }
    const { data, response } = await client.http.GET('/v1/attempts', { params })
    const header = { 'If-None-Match': response.headers.get('etag') ?? '' }
    expect(data?.attempts.length).toBe(3)
    expect((await client.http.GET('/v1/attempts', { params: { ...params, header } })).response.status).toBe(304)
    await client.submitTask({ body: { service: 'pages', taskId: 4, ...FIRST } })
    const again = await client.http.GET('/v1/attempts', { params: { ...params, header } })
    expect(again.data?.attempts.length).toBe(4)
  })

  it('follows events over a server that is started again, each told once', { timeout: 60_000 }, async () => {
    const items: EventItem[] = []
    const stop = new AbortController()
    const following = refusal(
      (async () => {
        for await (const item of client.events({ service: 'told', fromSequence: 1, signal: stop.signal }))
          items.push(item)
      })(),
    )
    await client.submitTask({ body: { service: 'told', taskId: 1, ...FIRST } })
    await expect.poll(() => items.length).toBe(1)
    await app[Symbol.asyncDispose]()
    await start()
    await client.submitTask({ body: { service: 'told', taskId: 2, ...FIRST } })
    await client.submitTask({ body: { service: 'told', taskId: 3, ...FIRST } })
    await expect.poll(() => items.length).toBe(3)
    stop.abort(new Error('enough'))
    expect(await following).toMatchObject({ message: 'enough' })
    expect(items.map((item) => (item.kind === 'event' ? item.event.type : item.kind))).toEqual(
      Array.from({ length: 3 }, () => 'task.submitted'),
    )
    expect(new Set(items.map((item) => (item.kind === 'event' ? item.event.id : ''))).size).toBe(3)
  })

  it('is told that the ledger is another one than its event is of', async () => {
    for await (const item of client.events({ lastEventId: '99-1' })) {
      expect(item).toMatchObject({ kind: 'gap', gap: { reason: 'restored' } })
      break
    }
  })

  it('follows a log to its end over a server that is started again, gaps told', { timeout: 60_000 }, async () => {
    const ref = sampleAttempt('1', 1, 'logged')
    const { attempt } = await client.submitTask({ body: { service: 'logged', taskId: 1, ...FIRST } })
    const lines: LogLine[] = []
    const following = (async () => {
      for await (const line of client.logs(attempt, { follow: true })) lines.push(line)
    })()
    const logs = createLogs(await broker.connect('logs'))
    const seq = await ship(logs, ref, { first: 1, last: 2, after: 0 })
    await expect.poll(() => lines.length).toBe(2)
    await app[Symbol.asyncDispose]()
    await start()
    await ship(logs, ref, { first: 5, last: 6, after: seq, closing: { lines: 4, gaps: 2 } })
    await finish(ref, { lines: 4, gaps: 2 })
    await following
    expect(lines).toMatchObject([
      { seq: 1 },
      { seq: 2 },
      { kind: 'gap', first: 3, last: 4 },
      { seq: 5 },
      { seq: 6 },
      { kind: 'end', lines: 4, gaps: 2 },
    ])
    expect(await Array.fromAsync(client.logs(attempt, { fromLine: 6 }))).toEqual(lines.slice(-2))
    await (await broker.connect('purge')).jsm.streams.purge('LOGS')
    expect(await refusal(Array.fromAsync(client.logs(attempt)))).toMatchObject({
      code: 'GONE',
      problem: { status: 410 },
    })
  })

  it('ends with the token that it follows with', async () => {
    const { token } = await client.createToken({ body: { name: 'short', scopes: ['read'] } })
    const reader = createClient({ url: client.url, token })
    expect(await refusal(reader.listTokens())).toMatchObject({ code: 'SCOPE_MISSING', retryable: false })
    const following = refusal(Array.fromAsync(reader.events()))
    await client.revokeToken({ path: { name: 'short' } })
    expect(await following).toMatchObject({ problem: { status: 401 } })
  })
})

interface Shipped {
  readonly first: number
  readonly last: number
  readonly after: number
  readonly closing?: { readonly lines: number; readonly gaps: number }
}

/** As a watcher does it; lines between the last and `first` are lost. */
async function ship(
  logs: ReturnType<typeof createLogs>,
  ref: AttemptRef,
  { first, last, after, closing }: Shipped,
): Promise<number> {
  const time = '2026-01-01T00:00:00.000Z'
  const count = last - first + 1
  const gaps = closing === undefined ? [] : [{ first: first - closing.gaps, last: first - 1 }]
  const head = { v: 1, submittedId: 'x', first, last, count, gaps } as const
  const lines = Array.from({ length: count }, (_, at) => ({ seq: first + at, time, kind: 'text', text: 'said' }))
  const batch: LogBatch = {
    head: { ...head, ...(closing === undefined ? {} : { closing, missing: closing.gaps }) },
    lines: lines.map((line) => JSON.stringify(line)),
  }
  return (await logs.publish(logSubject(ref), batch, after)).seq
}
