import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ACCESS_TOKEN,
  accessTokenOf,
  TokenAnswer,
  TokenDocument,
  TokenList,
  TokenView,
} from '@orchestrator/shared/contracts'
import { openDocuments } from '@orchestrator/shared/nats'
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from '../../testing/submitter-fixture.ts'

const ADMIN = accessTokenOf(Buffer.alloc(32, 7))

let stack: AsyncDisposableStack
let broker: TestBroker
/** Two replicas. */
let one: SubmitterFixture
let other: SubmitterFixture

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  broker = stack.use(await startTestBroker())
  const directory = stack.use(await temporaryDirectory())
  const adminTokenFile = join(directory.path, 'admin.token')
  await writeFile(adminTokenFile, `${ADMIN}\n`)
  const options = { brokerUrl: broker.url, requireTokens: true, adminTokenFile }
  one = stack.use(await startSubmitter(options))
  other = stack.use(await startSubmitter(options))
  await one.ready()
  await other.ready()
})

afterAll(async () => {
  await stack.disposeAsync()
})

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

const asAdmin = bearer(ADMIN)

async function create(body: Record<string, unknown>): Promise<TokenAnswer> {
  const response = await one.send('/v1/tokens', post(body, asAdmin))
  expect(response.status).toBe(201)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return TokenAnswer.parse(await response.json())
}

async function statusOf(path: string, init: RequestInit, at = one): Promise<number> {
  const response = await at.send(path, init)
  await response.body?.cancel()
  return response.status
}

describe('tokens', () => {
  it('are shown once and kept as hashes, with who made them', async () => {
    const made = await create({ name: 'alice', scopes: ['read'], expiresAt: '2099-01-01T00:00:00Z' })
    expect(made.token).toMatch(ACCESS_TOKEN)
    const connected = await broker.connect('test')
    const documents = await openDocuments(connected, 'tokens', TokenDocument)
    const stored = await documents.get('alice')
    expect(stored?.value).toMatchObject({ v: 1, scopes: ['read'], createdBy: 'bootstrap', revokedAt: null })
    expect(JSON.stringify(stored)).not.toContain(made.token.slice(4))
    const list = await (await one.send('/v1/tokens', { headers: asAdmin })).text()
    expect(TokenList.parse(JSON.parse(list)).tokens).toContainEqual(
      expect.objectContaining({ name: 'alice', state: 'active' }),
    )
    expect(list).not.toContain(made.token.slice(4))
    expect(list).not.toContain(stored?.value.hash)
  })

  it('work at every replica, and nowhere once revoked', async () => {
    const { token } = await create({ name: 'both', scopes: ['read'] })
    const read = { headers: bearer(token) }
    expect(await statusOf('/v1/tasks', read)).toBe(200)
    await expect.poll(() => statusOf('/v1/tasks', read, other), { timeout: 1000, interval: 10 }).toBe(200)
    const revoked = await other.send('/v1/tokens/both/revoke', { method: 'POST', headers: asAdmin })
    expect(TokenView.parse(await revoked.json())).toMatchObject({ state: 'revoked', revokedBy: 'bootstrap' })
    expect(await statusOf('/v1/tasks', read, other)).toBe(401)
    await expect.poll(() => statusOf('/v1/tasks', read), { timeout: 1000, interval: 10 }).toBe(401)
    expect(await one.refused('/v1/tasks', read)).toMatchObject({
      code: 'TOKEN_INVALID',
      detail: expect.stringContaining('revoked'),
    })
    const again = await one.send('/v1/tokens/both/revoke', { method: 'POST', headers: asAdmin })
    expect(TokenView.parse(await again.json())).toMatchObject({ state: 'revoked' })
  })

  it('are in force no longer once a newer release has written what this one cannot read', async () => {
    const { token } = await create({ name: 'newer', scopes: ['read'] })
    const read = { headers: bearer(token) }
    expect(await statusOf('/v1/tasks', read)).toBe(200)
    const connected = await broker.connect('test')
    const documents = await openDocuments(connected, 'tokens', TokenDocument.omit({ v: true }).loose())
    const entry = await documents.get('newer')
    if (entry === undefined) throw new Error('not stored')
    await documents.update('newer', { ...entry.value, v: 2 }, entry.revision)
    await expect.poll(() => statusOf('/v1/tasks', read), { timeout: 1000, interval: 10 }).toBe(401)
  })

  it('keep a name for good', async () => {
    await create({ name: 'once', scopes: ['read'] })
    await one.send('/v1/tokens/once/revoke', { method: 'POST', headers: asAdmin })
    expect(await one.refused('/v1/tokens', post({ name: 'once', scopes: ['read'] }, asAdmin))).toMatchObject({
      status: 400,
      errors: [{ field: 'name', value: 'once' }],
    })
  })

  it.each([
    ['name', { name: 'bootstrap', scopes: ['read'] }],
    ['name', { name: 'Alice', scopes: ['read'] }],
    ['scopes', { name: 'x', scopes: [] }],
    ['scopes.0', { name: 'x', scopes: ['root'] }],
    ['services', { name: 'x', scopes: ['admin'], services: ['trader'] }],
    ['expiresAt', { name: 'x', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }],
    ['expiresAt', { name: 'x', scopes: ['read'], expiresAt: 'tomorrow' }],
  ])('names the field %s of %j', async (field, body) => {
    expect((await one.refused('/v1/tokens', post(body, asAdmin))).errors).toMatchObject([{ field }])
  })
})

describe('a server that requires tokens', () => {
  it.each([
    ['no header', undefined, 'TOKEN_MISSING', 'Bearer realm="orchestrator"'],
    ['another scheme', 'Basic YTpi', 'TOKEN_INVALID', 'Bearer realm="orchestrator", error="invalid_token"'],
    ['no token', 'Bearer ', 'TOKEN_INVALID', 'Bearer realm="orchestrator", error="invalid_token"'],
    [
      'a foreign token',
      `Bearer ${accessTokenOf(Buffer.alloc(32, 8))}`,
      'TOKEN_INVALID',
      'Bearer realm="orchestrator", error="invalid_token"',
    ],
  ])('answers %s with 401', async (...[, authorization, code, challenge]) => {
    const init = { headers: authorization === undefined ? {} : { authorization } }
    for (const path of ['/v1/tasks', '/v1/tokens', '/v1/info', '/nothing']) {
      expect(await one.refused(path, init)).toMatchObject({ status: 401, code })
      expect((await one.send(path, init)).headers.get('www-authenticate')).toBe(challenge)
    }
    expect(await statusOf('/livez', init)).toBe(200)
    expect(await statusOf('/readyz', init)).toBe(200)
  })

  it('refuses before it reads a body', async () => {
    expect(await one.refused('/v1/tasks', post('x'.repeat(5 * 1024 * 1024)))).toMatchObject({ status: 401 })
  })

  it('names the scope that is missing', async () => {
    const { token } = await create({ name: 'reader', scopes: ['read'] })
    const init = post({ ...FIRST, service: 'trader', taskId: 1 }, bearer(token))
    expect(await one.refused('/v1/tasks', init)).toMatchObject({
      status: 403,
      code: 'SCOPE_MISSING',
      detail: 'this needs a token with the scope submit: reader has read',
    })
    const { headers } = await one.send('/v1/tasks', init)
    expect(headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="submit"')
    expect(await statusOf('/v1/tasks', { headers: bearer(token) })).toBe(200)
    expect(await statusOf('/nothing', { headers: bearer(token) })).toBe(404)
  })

  it('keeps a token to its services, and the ledger names it', async () => {
    const scopes = ['read', 'submit', 'operate']
    const { token } = await create({ name: 'trader-team', scopes, services: ['trader'] })
    const headers = bearer(token)
    const submitted = await one.send('/v1/tasks', post({ ...FIRST, service: 'trader', taskId: 1 }, headers))
    expect(submitted.status).toBe(202)
    const foreign = await one.send('/v1/tasks', post({ ...FIRST, service: 'payments', taskId: 1 }, asAdmin))
    expect(foreign.status).toBe(202)
    const [own, others] = ['trader', 'payments'].map((service) => `${service}-${FIRST.agent}-task1-attempt1`)
    const allowed: readonly [string, RequestInit][] = [
      [`/v1/attempts/${own}`, { headers }],
      [`/v1/attempts/${own}/logs`, { headers }],
      ['/v1/attempts?service=trader', { headers }],
      ['/v1/tasks?service=trader', { headers }],
      ['/v1/workspaces/trader', { headers }],
      ['/v1/info', { headers }],
      [`/v1/attempts/${own}/stop`, post({}, headers)],
    ]
    for (const [path, init] of allowed)
      expect([path, await statusOf(path, init)]).toEqual([path, init.method === undefined ? 200 : 202])
    const refused: readonly [string, RequestInit][] = [
      ['/v1/tasks', post({ ...FIRST, service: 'payments', taskId: 2 }, headers)],
      ['/v1/tasks/payments/1/retry', post({ guidance: 'again' }, headers)],
      [`/v1/attempts/${others}`, { headers }],
      [`/v1/attempts/${others}/logs`, { headers }],
      [`/v1/attempts/${others}/stop`, post({}, headers)],
      ['/v1/attempts', { headers }],
      ['/v1/tasks?service=payments', { headers }],
      ['/v1/workspaces', { headers }],
      ['/v1/workspaces/payments', { headers }],
      ['/v1/workspaces/payments/release', post({ attempt: others }, headers)],
      ['/v1/deadletters', { headers }],
      ['/v1/rebuild', post({}, headers)],
    ]
    for (const [path, init] of refused) {
      expect(await one.refused(path, init), path).toMatchObject({ status: 403, code: 'SERVICE_NOT_ALLOWED' })
    }
    const view = await (await one.send(`/v1/attempts/${own}`, { headers })).json()
    expect(view).toMatchObject({ requestedBy: { door: 'http', caller: 'trader-team' } })
  })

  it('ends a log that is followed when its reader is refused', async () => {
    const reader = await create({ name: 'follower', scopes: ['read', 'submit'] })
    const headers = bearer(reader.token)
    const second = await create({ name: 'other-follower', scopes: ['read'] })
    await one.send('/v1/tasks', post({ ...FIRST, service: 'followed', taskId: 1 }, headers))
    const path = `/v1/attempts/followed-${FIRST.agent}-task1-attempt1/logs?follow=true`
    const follow = async (token: string): Promise<{ ended: boolean }> => {
      const response = await one.send(path, { headers: bearer(token) })
      expect(response.status).toBe(200)
      const state = { ended: false }
      const end = (): void => void (state.ended = true)
      response.text().then(end, end)
      return state
    }
    const [revoked, kept] = [await follow(reader.token), await follow(second.token)]
    await one.send('/v1/tokens/follower/revoke', { method: 'POST', headers: asAdmin })
    await expect.poll(() => revoked.ended, { timeout: 2000 }).toBe(true)
    expect(kept.ended).toBe(false)
    await one.send('/v1/tokens/other-follower/revoke', { method: 'POST', headers: asAdmin })
    await expect.poll(() => kept.ended, { timeout: 2000 }).toBe(true)
  })

  it('keeps idempotency keys of two tokens apart', async () => {
    const first = await create({ name: 'first', scopes: ['submit'] })
    const second = await create({ name: 'second', scopes: ['submit'] })
    const submit = async (token: string): Promise<unknown> => {
      const headers = { ...bearer(token), 'idempotency-key': 'same' }
      return await (await one.send('/v1/tasks', post({ ...FIRST, service: 'keys', taskId: 1 }, headers))).json()
    }
    expect(await submit(first.token)).toMatchObject({ n: 1, repeated: false })
    expect(await submit(first.token)).toMatchObject({ n: 1, repeated: true })
    expect(await submit(second.token)).toMatchObject({ n: 2, repeated: false })
  })

  it('refuses every token while it cannot see what was revoked, and takes them again afterwards', async () => {
    await using away = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: away.url, requireTokens: true })
    await submitter.ready()
    await away.kill()
    const init = { headers: bearer(accessTokenOf(Buffer.alloc(32, 8))) }
    await expect.poll(() => statusOf('/v1/tasks', init, submitter), { timeout: 10_000, interval: 50 }).toBe(503)
    expect(await statusOf('/v1/tasks', {}, submitter)).toBe(401)
    expect(await statusOf('/livez', {}, submitter)).toBe(200)
    await away.restart()
    await expect.poll(() => statusOf('/v1/tasks', init, submitter), { timeout: 15_000, interval: 50 }).toBe(401)
  })
})

describe('a server that requires none', () => {
  it('takes everybody on this machine as local, and tokens all the same if they are good', async () => {
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const made = await submitter.send('/v1/tokens', post({ name: 'made-locally', scopes: ['read'] }))
    const { token, createdBy } = TokenAnswer.parse(await made.json())
    expect(createdBy).toBe('local')
    expect(await statusOf('/v1/tasks', { headers: bearer(token) }, submitter)).toBe(200)
    expect(await statusOf('/v1/tokens', { headers: bearer(token) }, submitter)).toBe(403)
    expect(await statusOf('/v1/tasks', { headers: bearer(`${token}x`) }, submitter)).toBe(401)
  })
})
