import { request } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { attemptSubject, BODY_MAX_BYTES, type LogBatch, logSubject, TokenAnswer } from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import { createLedger, createLogs } from '@orchestrator/shared/nats'
import { startedEvent, startTestBroker, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FIRST, post, startSubmitter, type SubmitterFixture } from '../../testing/submitter-fixture.ts'

let stack: AsyncDisposableStack
let broker: TestBroker
/** Two replicas behind one load balancer: see {@link inTurn}. */
let one: SubmitterFixture
let other: SubmitterFixture
/** One entry for each look of a tool that waits. */
const looks: AbortSignal[] = []
const clock: Clock = {
  ...systemClock,
  sleep: async (ms, signal) => {
    if (ms === 1000) looks.push(signal)
    await systemClock.sleep(ms, signal)
  },
}

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  broker = stack.use(await startTestBroker())
  // Without tokens everybody here may make them; one that is sent counts all the same.
  one = stack.use(await startSubmitter({ brokerUrl: broker.url, clock }))
  other = stack.use(await startSubmitter({ brokerUrl: broker.url }))
  await one.ready()
  await other.ready()
})

afterAll(async () => {
  await stack.disposeAsync()
})

async function tokenFor(body: Record<string, unknown>): Promise<string> {
  const { name, token } = TokenAnswer.parse(await (await one.send('/v1/tokens', post(body))).json())
  const read = { headers: { authorization: `Bearer ${token}` } }
  await expect.poll(async () => [name, (await other.send('/v1/info', read)).status]).not.toEqual([name, 401])
  return token
}

const Answer = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })),
  structuredContent: z.exactOptional(z.looseObject({})),
  isError: z.exactOptional(z.boolean()),
})

interface Asked {
  readonly signal?: AbortSignal
  readonly onprogress?: (news: { readonly message?: string | undefined }) => void
}

interface Tools extends AsyncDisposable {
  readonly client: Client
  call(name: string, given: Record<string, unknown>, asked?: Asked): Promise<z.infer<typeof Answer> & { text: string }>
}

const ERAS = { 'the protocol of 2026': 'auto', 'the older protocols': 'legacy' } as const

/** Each request to the next replica. */
function inTurn(): (url: URL | string, init?: RequestInit) => Promise<Response> {
  let n = 0
  return async (url, init) => {
    n += 1
    const { host } = new URL((n % 2 === 0 ? one : other).url)
    const target = new URL(url)
    target.host = host
    return await fetch(target, init)
  }
}

async function connect(
  token: string,
  { mode = 'auto', send = inTurn() }: { mode?: 'auto' | 'legacy'; send?: ReturnType<typeof inTurn> } = {},
): Promise<Tools> {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode } })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', one.url), { requestInit, fetch: send }))
  return {
    client,
    call: async (name, given, asked = {}) => {
      const answer = Answer.parse(await client.callTool({ name, arguments: given }, asked))
      return { ...answer, text: answer.content.map(({ text }) => text).join('\n') }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

describe.each(Object.entries(ERAS))('by %s', (era, mode) => {
  it('the tools act for their caller, whichever replica is asked', async () => {
    const name = `lead-${mode}`
    await using tools = await connect(await tokenFor({ name, scopes: ['read', 'submit', 'operate'] }), { mode })
    const { tools: listed } = await tools.client.listTools()
    expect(listed).toHaveLength(7)
    const service = `service-${mode}`
    const attempt = `${service}-${FIRST.agent}-task1-attempt1`
    const submitted = await tools.call('submit_implementation_task', {
      task_id: 1,
      service,
      agent: FIRST.agent,
      repository_url: FIRST.repositoryUrl,
      platform_repository_url: FIRST.platformRepositoryUrl,
    })
    expect(submitted.structuredContent).toMatchObject({ attempt, text: submitted.text })
    expect(submitted.text).toMatch(/in a terminal: ORCHESTRATOR_URL=http:\/\/127\.0\.0\.1:\d+ orchestrator task wait/)
    const status = await tools.call('get_task_status', { attempt })
    expect(status.structuredContent).toMatchObject({ attempt: { name: attempt, phase: 'Submitted' } })
    const { requestedBy } = await one.attempt(attempt)
    expect([era, requestedBy]).toEqual([era, { door: 'mcp', caller: name }])
    expect((await tools.call('stop_task', { attempt, confirm: true })).structuredContent).toMatchObject({
      accepted: true,
    })
    const { resourceTemplates } = await tools.client.listResourceTemplates()
    expect(resourceTemplates).toHaveLength(2)
  })

  it('what a token may not do is the answer of the tool, and names the scope', async () => {
    const scopes = ['read', 'submit', 'operate'] as const
    const { attempt } = await one.submit({ service: `scopes-${mode}`, taskId: 1 })
    const asked = {
      read: ['get_task_status', { attempt }],
      submit: ['retry_task', { service: `scopes-${mode}`, task_id: 1, guidance: 'again' }],
      operate: ['stop_task', { attempt, confirm: true }],
    } as const
    for (const missing of scopes) {
      const name = `without-${missing}-${mode}`
      const has = scopes.filter((scope) => scope !== missing)
      await using tools = await connect(await tokenFor({ name, scopes: has }), { mode })
      const [tool, given] = asked[missing]
      expect(await tools.call(tool, given)).toMatchObject({
        isError: true,
        text: `error: this needs a token with the scope ${missing}: ${name} has ${has.join(', ')}`,
      })
    }
  })
})

describe('at /mcp', () => {
  it('a token for one service is kept to it', async () => {
    const { attempt } = await one.submit({ service: 'payments', taskId: 1 })
    await using tools = await connect(await tokenFor({ name: 'team', scopes: ['read'], services: ['trader'] }))
    for (const [tool, given] of [
      ['list_tasks', {}],
      ['get_task_status', { attempt }],
      ['get_task_logs', { attempt }],
    ] as const) {
      expect(await tools.call(tool, given)).toMatchObject({
        isError: true,
        text: expect.stringContaining('the token team is for trader only'),
      })
    }
    expect((await tools.call('list_tasks', { service: 'trader' })).isError).toBeUndefined()
    expect((await tools.client.listResources()).resources).toEqual([])
  })

  it('a log is read like anywhere else', async () => {
    const { attempt } = await one.submit({ service: 'logged', taskId: 1 })
    const ref = { service: 'logged', tag: 'master', taskId: '1', n: 1 }
    const connection = await broker.connect('others')
    const lines = Array.from({ length: 300 }, (_, index) =>
      JSON.stringify({ seq: index + 1, time: '2026-01-01T00:00:00.000Z', kind: 'text', text: `line ${index + 1}` }),
    )
    const head = { v: 1, submittedId: 'x', first: 1, last: 300, count: 300, gaps: [] } satisfies LogBatch['head']
    await createLogs(connection).publish(logSubject(ref), { head, lines }, 0)
    const ledger = await createLedger(connection)
    const event = startedEvent(ref)
    await ledger.publish({
      subject: attemptSubject(ref),
      eventId: event.id,
      decide: ({ lastSeq }) => ({ kind: 'publish', event, expectedSeq: lastSeq }),
      signal: AbortSignal.timeout(5000),
    })
    await using tools = await connect(await tokenFor({ name: 'log-reader', scopes: ['read'] }))
    await expect
      .poll(async () => (await tools.call('get_task_logs', { attempt, limit: 2 })).structuredContent)
      .toMatchObject({ firstLine: 299, lastLine: 300, nextLine: 301 })
    expect((await tools.client.readResource({ uri: `orchestrator://attempts/${attempt}/log` })).contents).toHaveLength(
      1,
    )
  })

  it('a wait tells how it goes, and ends when the client takes its request back', async () => {
    const { attempt } = await one.submit({ service: 'left', taskId: 1 })
    await using tools = await connect(await tokenFor({ name: 'leaves', scopes: ['read'] }), { send: fetch })
    const leave = new AbortController()
    const told: string[] = []
    looks.length = 0
    const waiting = tools.call(
      'wait_for_task',
      { attempt, timeout_seconds: 60 },
      { signal: leave.signal, onprogress: ({ message }) => void told.push(message ?? '') },
    )
    waiting.catch(() => undefined)
    await expect.poll(() => looks.length).toBeGreaterThan(1)
    expect(told).toEqual([expect.stringContaining('Submitted')])
    expect(looks.at(-1)?.aborted).toBe(false)
    leave.abort()
    await expect(waiting).rejects.toThrow()
    await expect.poll(() => looks.at(-1)?.aborted).toBe(true)
  })

  it.each(Object.values(ERAS))('a wait ends when the client leaves (%s)', async (mode) => {
    const { attempt } = await one.submit({ service: `gone-${mode}`, taskId: 1 })
    await using tools = await connect(await tokenFor({ name: `goes-${mode}`, scopes: ['read'] }), { mode, send: fetch })
    looks.length = 0
    const waiting = tools.call('wait_for_task', { attempt, timeout_seconds: 60 })
    waiting.catch(() => undefined)
    await expect.poll(() => looks.length).toBeGreaterThan(0)
    await tools.client.close()
    await expect.poll(() => looks.at(-1)?.aborted).toBe(true)
  })

  it('a wait ends when its token is revoked', async () => {
    const { attempt } = await one.submit({ service: 'revoked', taskId: 1 })
    const authorization = `Bearer ${await tokenFor({ name: 'waits', scopes: ['read'] })}`
    looks.length = 0
    const name = 'wait_for_task'
    const params = { name, arguments: { attempt, timeout_seconds: 60 } }
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
    const waiting = raw({ headers: { authorization }, body: JSON.stringify(call) })
    waiting.catch(() => undefined)
    await expect.poll(() => looks.length).toBeGreaterThan(0)
    await one.send('/v1/tokens/waits/revoke', { method: 'POST' })
    await expect(waiting).rejects.toThrow(/aborted|hang up/)
    await expect.poll(() => looks.at(-1)?.aborted).toBe(true)
  })

  it.each(Object.values(ERAS))('a wait answers how it stands when the server is to stop (%s)', async (mode) => {
    const stopping = await startSubmitter({ brokerUrl: broker.url, clock })
    try {
      await stopping.ready()
      const { attempt } = await stopping.submit({ service: `stopping-${mode}`, taskId: 1 })
      const token = await tokenFor({ name: `stops-${mode}`, scopes: ['read'] })
      const send = async (url: URL | string, init?: RequestInit): Promise<Response> =>
        await fetch(String(url).replace(one.url, stopping.url), init)
      await expect
        .poll(async () => (await stopping.send('/v1/info', { headers: { authorization: `Bearer ${token}` } })).status)
        .toBe(200)
      await using tools = await connect(token, { mode, send })
      looks.length = 0
      const waiting = tools.call('wait_for_task', { attempt, timeout_seconds: 600 })
      await expect.poll(() => looks.length).toBeGreaterThan(0)
      const startedAt = performance.now()
      await stopping[Symbol.asyncDispose]()
      expect(performance.now() - startedAt).toBeLessThan(3000)
      const { text, structuredContent } = await waiting
      expect(structuredContent).toMatchObject({ ended: false, attempt: { phase: 'Submitted' } })
      expect(text).toMatch(/^Not ended after \d+s: call wait_for_task again/)
    } finally {
      await stopping[Symbol.asyncDispose]()
    }
  })
})

interface Raw {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Not `fetch`, which sets Host itself. */
async function raw({
  method = 'POST',
  headers = {},
  body = LIST,
}: Raw): Promise<{ status: number; type: string; text: string; allow: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    type: string
    text: string
    allow: string | undefined
  }>()
  const url = new URL('/mcp', one.url)
  const sent = request(url, {
    method,
    headers: { ...(method === 'POST' ? JSON_TYPE : {}), accept: ACCEPT, ...headers },
  })
  sent.once('response', (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    const {
      statusCode: status = 0,
      headers: { 'content-type': type = '', allow },
    } = response
    response.once('end', () => resolve({ status, type, text, allow })).once('error', reject)
  })
  sent.once('error', reject).end(method === 'POST' ? body : undefined)
  return await promise
}

const JSON_TYPE = { 'content-type': 'application/json' }
const ACCEPT = 'application/json, text/event-stream'
const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })

describe('what /mcp refuses', () => {
  it.each([
    ['a foreign token', 401, { headers: { authorization: 'Bearer orc_nobody-made-this' } }],
    ['another host', 403, { headers: { host: 'evil.example' } }],
    ['a page of another origin', 403, { headers: { origin: 'https://evil.example' } }],
    ['a body too large', 413, { body: JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(BODY_MAX_BYTES) }) }],
    ['what is not JSON', 415, { headers: { 'content-type': 'text/plain' } }],
    ['JSON that is none', 400, { body: '{' }],
    ['many messages in one', 400, { body: `[${LIST},${LIST}]` }],
    ['what is no JSON-RPC', 400, { body: '{"id":1}' }],
  ] as const)('%s: %i', async (_what, status, sent) => {
    expect(await raw(sent)).toMatchObject({ status, type: 'application/problem+json' })
  })

  it.each(['GET', 'DELETE'])('%s, for there are no sessions', async (method) => {
    expect(await raw({ method })).toMatchObject({ status: 405, allow: 'POST' })
  })

  it('in the words of the protocol what the protocol does not know', async () => {
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'fly' }
    const unknown = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'fly', params: { _meta: META } })
    const { status, text } = await raw({ headers: modern, body: unknown })
    expect([status, JSON.parse(text)]).toMatchObject([404, { error: { code: -32601 } }])
    expect(await raw({ headers: { accept: 'application/json' } })).toMatchObject({ status: 406 })
  })

  it('to keep a stream open for news that never come', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }
    const notifications = { toolsListChanged: true, resourcesListChanged: true }
    const params = { notifications, _meta: META }
    const { status, text } = await raw({
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }),
    })
    expect([status, text]).toEqual([200, expect.stringContaining('"resultType":"complete"')])
  })

  it('nothing where no token is needed, and the caller is local', async () => {
    expect(await raw({})).toMatchObject({ status: 200, type: 'text/event-stream' })
  })
})

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
