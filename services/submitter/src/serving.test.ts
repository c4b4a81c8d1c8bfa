import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { BODY_MAX_BYTES, Problem } from '@orchestrator/shared/contracts'
import { startTestBroker, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from './testing/submitter-fixture.ts'

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

interface Raw {
  readonly status: number
  readonly body: string
}

/** A request whose headers a browser or `fetch` would not let through. */
async function rawRequest(path: string, headers: Record<string, string>): Promise<Raw> {
  const { promise, resolve, reject } = Promise.withResolvers<Raw>()
  const sent = request(new URL(path, submitter.url), { headers }, (response) => {
    let body = ''
    response
      .setEncoding('utf8')
      .on('data', (text: string) => (body += text))
      .once('end', () => resolve({ status: response.statusCode ?? 0, body }))
  })
  sent.once('error', reject).end()
  return await promise
}

describe('the door', () => {
  it.each([
    '/v1/tasks',
    '/v1/attempts',
    '/v1/attempts/x',
    '/v1/attempts/x/logs',
    '/livez',
    '/readyz',
    '/v1/info',
    '/v1/deadletters',
    '/v1/deadletters/1',
    '/nothing',
  ])('answers %s only under a name of this machine, and not to pages of others', async (path) => {
    const { port } = new URL(submitter.url)
    const elsewhere = await rawRequest(path, { host: `evil.example:${port}` })
    expect(Problem.parse(JSON.parse(elsewhere.body))).toMatchObject({ status: 403, code: 'HOST_NOT_ALLOWED' })
    const fromPage = await rawRequest(path, { host: `127.0.0.1:${port}`, origin: 'http://evil.example' })
    expect(Problem.parse(JSON.parse(fromPage.body))).toMatchObject({ status: 403, code: 'ORIGIN_NOT_ALLOWED' })
    const own = await rawRequest(path, { host: `localhost:${port}`, origin: `http://localhost:${port}` })
    expect(own.status).not.toBe(403)
  })

  it.each([
    ['an unknown route', '/v1/nothing', {}, 404, 'ROUTE_NOT_FOUND'],
    ['an unknown method', '/v1/tasks', { method: 'DELETE' }, 404, 'ROUTE_NOT_FOUND'],
    ['malformed JSON', '/v1/tasks', { ...post({}), body: '{"service": ' }, 400, 'REQUEST_MALFORMED'],
    ['an empty body', '/v1/tasks', { ...post({}), body: '' }, 400, 'REQUEST_MALFORMED'],
    ['a dangerous key', '/v1/tasks', { ...post({}), body: '{"__proto__": {"a": 1}}' }, 400, 'REQUEST_MALFORMED'],
    [
      'text',
      '/v1/tasks',
      { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'a form',
      '/v1/tasks',
      { method: 'POST', body: new URLSearchParams({ service: 'x' }) },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a body too large', '/v1/tasks', post({ service: 'x'.repeat(BODY_MAX_BYTES) }), 413, 'BODY_TOO_LARGE'],
    ['a malformed address', '/v1/%zz', {}, 400, 'REQUEST_MALFORMED'],
  ] as const)('refuses %s with a problem', async (...[, path, init, status, code]) => {
    expect(await submitter.refused(path, init)).toMatchObject({ status, code })
  })

  it.each([
    ['with its length', 1024 * 1024, false],
    ['of unknown length', 1024 * 1024, true],
    ['just above the limit', BODY_MAX_BYTES, false],
  ])('names the field of a body that is too large, and its limit: one %s', async (_title, length, isChunked) => {
    const init = post({ ...FIRST, service: 'trader', taskId: 1, guidance: 'x'.repeat(length) })
    const body = new Blob([typeof init.body === 'string' ? init.body : '']).stream()
    const sent: RequestInit = isChunked ? { ...init, body, duplex: 'half' } : init
    expect(await submitter.refused('/v1/tasks', sent)).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: expect.stringContaining(`${BODY_MAX_BYTES} are allowed; guidance may have 65536 bytes`),
      errors: [
        {
          field: 'guidance',
          value: expect.stringMatching(/^x{100}…$/),
          message: `has ${length} bytes, 65536 are allowed: put longer texts into the task's documents`,
        },
      ],
    })
  })

  it('says what may be long of a body that it does not even read', async () => {
    const problem = await submitter.refused('/v1/tasks', post({ guidance: 'x'.repeat(5 * 1024 * 1024) }))
    expect(problem).toMatchObject({ status: 413, detail: expect.stringContaining('guidance may have 65536 bytes') })
  })

  it('names what fills a body other than guidance', async () => {
    const gates = Array.from({ length: 32 }, (_none, i) => ({
      name: `g${i}`,
      command: Array(3).fill('x'.repeat(4000)),
    }))
    const problem = await submitter.refused('/v1/tasks', post({ ...FIRST, service: 'trader', taskId: 1, gates }))
    expect(problem).toMatchObject({
      status: 413,
      errors: [{ field: 'gates', message: expect.stringContaining('takes') }],
    })
  })

  it('answers what is not HTTP with a problem too', async () => {
    const socket = connect(Number(new URL(submitter.url).port), '127.0.0.1')
    socket.end('HELO example.com\r\n\r\n')
    const [answer] = await once(socket.setEncoding('utf8'), 'data')
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"code":"REQUEST_MALFORMED"/)
    socket.destroy()
  })

  it('names all faults of path, query, headers and body at once', async () => {
    const init = post({ guidance: '', bogus: 1 }, { 'idempotency-key': 'two words', 'x-orchestrator-door': 'window' })
    const problem = await submitter.refused('/v1/tasks/Trader/1.01/retry?tag=a%20b&x=1', init)
    expect(problem.errors?.map(({ field }) => field).toSorted()).toEqual(
      ['bogus', 'guidance', 'id', 'idempotency-key', 'service', 'tag', 'x', 'x-orchestrator-door'].toSorted(),
    )
  })

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['phase', 'phase=Dancing'],
    ['after', 'after=-1'],
    ['agent', 'agent=%1b[31m'],
    ['color', 'color=red'],
  ])('names the query parameter %s in ?%s', async (field, query) => {
    for (const path of ['/v1/attempts', '/v1/tasks']) {
      expect((await submitter.refused(`${path}?${query}`)).errors).toMatchObject([{ field }])
    }
  })

  it.each([
    ['since', 'since=yesterday', 'with its offset'],
    ['since', 'since=2026-03-02T09:00:00', 'with its offset'],
    ['until', 'until=2026-02-30T09:00:00Z', 'with its offset'],
    ['since', 'since=2026-03-02T09:00:00+01:00', '%2B'],
    ['until', 'since=2026-03-02T09:00:00Z&until=2026-03-02T10:00:00%2B01:00', 'must be later than since'],
  ])('says of the time %s in ?%s what it must be', async (field, query, message) => {
    for (const path of ['/v1/attempts', '/v1/tasks']) {
      const { status, errors } = await submitter.refused(`${path}?${query}`)
      expect({ status, errors }).toMatchObject({
        status: 400,
        errors: [{ field, message: expect.stringContaining(message) }],
      })
    }
  })

  it('refuses a cursor of its own invention', async () => {
    expect(await submitter.refused('/v1/attempts?cursor=abc')).toMatchObject({ status: 400, code: 'CURSOR_INVALID' })
  })
})

const HOSTILE = [
  '"; DROP TABLE attempts; --',
  "'",
  'a\nb',
  'a\r\nHost: evil',
  '$(reboot)',
  '`reboot`',
  '{{{constructor}}}',
  '{{#each x}}',
  '\u001B[31mred',
  '\u0000',
  '../../etc/passwd',
  '-oProxyCommand=x',
  '--upload-pack=x',
  '\u202Egnp.exe',
  '*',
  '>',
  'task.*.>',
  ' ',
  '',
  'x'.repeat(100_000),
  '😀',
]

const TEXT_FIELDS = [
  'service',
  'taskId',
  'tag',
  'agent',
  'model',
  'repositoryUrl',
  'branch',
  'githubUser',
  'platformRepositoryUrl',
  'platformBranch',
  'platformUser',
  'workingDirectory',
  'promptMode',
  'guidance',
]

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

describe('hostile values', () => {
  it.each(TEXT_FIELDS)('in %s are refused by the name of the field, or kept word for word', async (field) => {
    for (const [index, hostile] of HOSTILE.entries()) {
      const body = { ...FIRST, service: 'hostile', taskId: `${TEXT_FIELDS.indexOf(field)}.${index}`, [field]: hostile }
      const response = await submitter.send('/v1/tasks', post(body))
      const text = await response.text()
      // oxlint-disable-next-line no-control-regex -- the point
      expect(text).not.toMatch(/[\u0000-\u001F]/)
      if (response.status === 400) {
        expect(Problem.parse(JSON.parse(text)).errors?.map((fault) => fault.field)).toContain(field)
      } else {
        expect(response.status).toBe(202)
        expect(JSON.parse(text)).toSatisfy((answer: object) =>
          JSON.stringify(answer).includes(asText(JSON.stringify(hostile)).slice(1, -1)),
        )
      }
    }
  })

  it('of other types are refused by the name of the field', async () => {
    for (const field of [...TEXT_FIELDS, 'limits', 'gates', 'previous']) {
      for (const value of [null, true, -1.5, ['x'], { a: { b: 1 } }]) {
        const problem = await submitter.refused(
          '/v1/tasks',
          post({ ...FIRST, service: 'types', taskId: '1', [field]: value }),
        )
        expect(problem.errors?.some((fault) => fault.field === field || fault.field.startsWith(`${field}.`))).toBe(true)
      }
    }
  })

  it('nested beyond measure are refused', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const problem = await submitter.refused('/v1/tasks', { ...post({}), body: `{"service": ${deep}}` })
    expect(problem.status).toBe(400)
    const deeper = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
    const large = await submitter.refused('/v1/tasks', { ...post({}), body: `{"service": ${deeper}}` })
    expect(large.status).toBe(413)
  })

  it('as names of attempts are refused', async () => {
    for (const hostile of HOSTILE.filter((text) => text !== '' && text.length < 1000)) {
      const response = await submitter.send(`/v1/attempts/${encodeURIComponent(hostile)}`)
      expect([400, 404]).toContain(response.status)
    }
  })
})

describe('the address', () => {
  it('is refused when another program has it', async () => {
    const { port } = new URL(submitter.url)
    const taken = startSubmitter({ brokerUrl: broker.url, port: Number(port) })
    await expect(taken).rejects.toThrow(new RegExp(`cannot listen on HOST=127.0.0.1 PORT=${port}: .*EADDRINUSE`))
  })
})
