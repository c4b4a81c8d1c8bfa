import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { accessTokenOf, BODY_MAX_BYTES, TokenAnswer } from '@orchestrator/shared/contracts'
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from '../../testing/submitter-fixture.ts'

const ADMIN = accessTokenOf(Buffer.alloc(32, 7))
const FOREIGN = accessTokenOf(Buffer.alloc(32, 8))

let stack: AsyncDisposableStack
let broker: TestBroker
let adminTokenFile: string
let submitter: SubmitterFixture

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  broker = stack.use(await startTestBroker())
  const directory = stack.use(await temporaryDirectory())
  adminTokenFile = join(directory.path, 'admin.token')
  await writeFile(adminTokenFile, ADMIN)
  submitter = stack.use(await startSubmitter({ brokerUrl: broker.url, requireTokens: true, adminTokenFile }))
  await submitter.ready()
})

afterAll(async () => {
  await stack.disposeAsync()
})

async function tokenFor(name: string, ...scopes: readonly string[]): Promise<string> {
  const init = post({ name, scopes }, { authorization: `Bearer ${ADMIN}` })
  return TokenAnswer.parse(await (await submitter.send('/v1/tokens', init)).json()).token
}

/** Connections that never finish a request: a byte at a time. */
class SlowClients implements Disposable {
  readonly answers: string[] = []
  readonly #sockets: Socket[] = []
  readonly #timer: NodeJS.Timeout

  /** @param beginning of what they send; they never come to its end */
  constructor(url: string, count: number, beginning = 'GET /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ') {
    const { port } = new URL(url)
    for (let i = 0; i < count; i += 1) {
      const socket = connect(Number(port), '127.0.0.1')
      let answer = ''
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
      socket.on('error', () => undefined).once('close', () => this.answers.push(answer))
      socket.write(beginning)
      this.#sockets.push(socket)
    }
    this.#timer = setInterval(() => this.#drip(), 200)
  }

  #drip(): void {
    for (const socket of this.#sockets) if (socket.writable) socket.write('a')
  }

  get statuses(): readonly (string | undefined)[] {
    return [...new Set(this.answers.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]))]
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
  }
}

interface Sent {
  readonly method?: 'POST'
  readonly path?: string
  readonly headers: Record<string, string>
  readonly body?: string
}

/** Not `fetch`, which sets Host itself. */
async function statusOf(agent: Agent, { method, path = '/v1/tasks', headers, body }: Sent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const sent = request(new URL(path, submitter.url), { agent, headers, ...(method === undefined ? {} : { method }) })
  sent.once('response', (response) => {
    response.resume().once('close', () => resolve(response.statusCode ?? 0))
  })
  sent.once('error', reject).end(body)
  return await promise
}

/** A call of a tool. */
function toTools(headers: Record<string, string>): Sent {
  const accept = 'application/json, text/event-stream'
  const params = { name: 'list_tasks', arguments: {} }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return { method: 'POST', path: '/mcp', headers: { ...headers, accept, 'content-type': 'application/json' }, body }
}

interface Figures {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Somebody who goes on working, one request after the other, until the signal. @throws at the first that fails */
async function workOn(headers: Record<string, string>, path: string, signal: AbortSignal): Promise<Figures> {
  const tookMs: number[] = []
  while (!signal.aborted) {
    const startedAt = performance.now()
    const response = await submitter.send(path, { headers })
    await response.body?.cancel()
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
    tookMs.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

it('refuses 10,000 bad requests at once and 300 slow clients, each as it deserves, while others work on', async () => {
  const reader = await tokenFor('reader', 'read')
  const worker = await tokenFor('worker', 'read')
  const revoked = await tokenFor('gone', 'read')
  const sender = await tokenFor('sender', 'submit')
  await submitter.send('/v1/tokens/gone/revoke', { method: 'POST', headers: { authorization: `Bearer ${ADMIN}` } })
  const { host } = new URL(submitter.url)
  const as = (token: string): Record<string, string> => ({ host, authorization: `Bearer ${token}` })
  const json = { 'content-type': 'application/json' }
  const submit = JSON.stringify({ ...FIRST, service: 'trader', taskId: 1 })
  const tooLarge = JSON.stringify({ service: 'x'.repeat(BODY_MAX_BYTES) })
  const kinds: Readonly<Record<string, { readonly sent: Sent; readonly expected: number }>> = {
    'no token': { sent: { headers: { host } }, expected: 401 },
    'a foreign token': { sent: { headers: as(FOREIGN) }, expected: 401 },
    'a revoked token': { sent: { headers: as(revoked) }, expected: 401 },
    'a token too narrow': {
      sent: { method: 'POST', headers: { ...as(reader), ...json }, body: submit },
      expected: 403,
    },
    'a wrong Host': { sent: { headers: { ...as(reader), host: 'evil.example' } }, expected: 403 },
    'a wrong Origin': { sent: { headers: { ...as(reader), origin: 'http://evil.example' } }, expected: 403 },
    'a body too large': {
      sent: { method: 'POST', headers: { ...as(sender), ...json }, body: tooLarge },
      expected: 413,
    },
    'tools without a token': { sent: toTools({ host }), expected: 401 },
    'tools with a foreign token': { sent: toTools(as(FOREIGN)), expected: 401 },
    'tools with a revoked token': { sent: toTools(as(revoked)), expected: 401 },
    'tools at a wrong Host': { sent: toTools({ ...as(reader), host: 'evil.example' }), expected: 403 },
    'tools from a wrong Origin': { sent: toTools({ ...as(reader), origin: 'http://evil.example' }), expected: 403 },
    'tools with a body too large': { sent: { ...toTools(as(sender)), body: tooLarge }, expected: 413 },
    // The protocol is answered, the tool refuses.
    'tools with a token too narrow': { sent: toTools(as(sender)), expected: 200 },
  }
  const names = Object.keys(kinds)
  const seen = new Map(names.map((name) => [name, new Map<number, number>()]))
  const agent = new Agent({ keepAlive: true, maxSockets: 500 })
  using slow = new SlowClients(submitter.url, 200)
  const authorized = `Host: ${host}\r\nAuthorization: Bearer ${worker}`
  const withBody = `POST /mcp HTTP/1.1\r\n${authorized}\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{`
  using slowBodies = new SlowClients(submitter.url, 100, withBody)
  const over = new AbortController()
  const working = workOn(as(worker), '/v1/tasks', over.signal)
  const probing = workOn({}, '/livez', over.signal)

  const startedAt = performance.now()
  const flood = Array.from({ length: 10_000 }, async (_none, i) => {
    const name = names[i % names.length] ?? ''
    const status = await statusOf(agent, kinds[name]?.sent ?? { headers: {} })
    const counts = seen.get(name)
    counts?.set(status, (counts.get(status) ?? 0) + 1)
  })
  await Promise.all(flood)
  const tookMs = performance.now() - startedAt
  await expect.poll(() => slow.answers.length, { timeout: 60_000, interval: 100 }).toBe(200)
  await expect.poll(() => slowBodies.answers.length, { timeout: 60_000, interval: 100 }).toBe(100)
  over.abort()
  const [worked, probed] = await Promise.all([working, probing])
  agent.destroy()

  const table = Object.fromEntries([...seen].map(([name, counts]) => [name, Object.fromEntries(counts)]))
  process.stdout.write(`${JSON.stringify({ requests: 10_000, tookMs: Math.round(tookMs), table, worked, probed })}\n`)
  for (const [name, { expected }] of Object.entries(kinds)) {
    const statuses = [...(seen.get(name)?.keys() ?? [])]
    expect(statuses, name).toContain(expected)
    // Whoever sends too much of it is told so.
    expect(statuses.filter((status) => status !== expected && status !== 429)).toEqual([])
  }
  expect(slow.statuses).toEqual(['408'])
  expect(slowBodies.statuses).toEqual(['408'])
  expect(worked.count).toBeGreaterThan(10)
  expect(probed.count).toBeGreaterThan(10)
}, 180_000)

it('says when to come again to a caller that sends too much, and to no other', async () => {
  const options = { brokerUrl: broker.url, requireTokens: true, adminTokenFile, requestsPerSecond: 10 }
  await using strict = await startSubmitter(options)
  await strict.ready()
  const read = async (token: string): Promise<Response> => {
    const response = await strict.send('/v1/info', { headers: { authorization: `Bearer ${token}` } })
    await response.body?.cancel()
    return response
  }
  const busy = await tokenFor('busy', 'read')
  await expect.poll(async () => (await read(busy)).status, { timeout: 5000 }).toBe(200)
  for (const [token, kind] of [
    [busy, 200],
    [FOREIGN, 401],
  ] as const) {
    const answers = await Promise.all(Array.from({ length: 200 }, () => read(token)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1)).toBe(true)
    expect(answers.filter(({ status }) => status !== 429 && status !== kind)).toEqual([])
  }
  expect((await read(ADMIN)).status).toBe(200)
}, 60_000)

it('lets no slow connections keep others out, and ends with them open', async () => {
  const options = { brokerUrl: broker.url, requireTokens: true, adminTokenFile, maxConnections: 50 }
  const small = await startSubmitter(options)
  try {
    await small.ready()
    using slow = new SlowClients(small.url, 200)
    await expect.poll(() => slow.answers.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(150)
    expect(slow.statuses).toEqual(['503'])
    const { status } = await small.send('/v1/info', { headers: { authorization: `Bearer ${ADMIN}` } })
    expect(status).toBe(200)
    expect(slow.answers.length).toBeLessThan(200)
    await small[Symbol.asyncDispose]()
    await expect.poll(() => slow.answers.length, { timeout: 5000 }).toBe(200)
  } finally {
    await small[Symbol.asyncDispose]()
  }
}, 60_000)
