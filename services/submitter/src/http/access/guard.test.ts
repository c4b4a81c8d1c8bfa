import { accessTokenOf, Problem, type TokenDocument } from '@orchestrator/shared/contracts'
import { createLogger } from '@orchestrator/shared/service'
import { describe, expect, it } from 'vitest'
import type { Api } from '../api.ts'
import { registerRoutes } from '../routes.ts'
import { createHttpServer, type HttpServer } from '../server.ts'
import { guardRoutes } from './guard.ts'

const TOKEN = accessTokenOf(Buffer.alloc(32, 1))
/** May nothing: a scope of a newer release. */
const NARROW: TokenDocument = {
  v: 1,
  name: 'narrow',
  hash: 'a'.repeat(64),
  scopes: ['fly'],
  services: null,
  createdAt: '2026-01-01T00:00:00Z',
  createdBy: 'local',
  expiresAt: null,
  revokedAt: null,
  revokedBy: null,
}

function guarded(): HttpServer {
  const logger = createLogger({ name: 'test', level: 'silent' })
  const { signal } = new AbortController()
  const server = createHttpServer({
    host: '127.0.0.1',
    allowedHosts: [],
    maxConnections: 10,
    logger,
    onFailure: () => undefined,
    closing: signal,
  })
  guardRoutes(server, {
    required: true,
    known: {
      find: (token) => (token === TOKEN ? NARROW : undefined),
      latest: () => NARROW,
      onLook: () => undefined,
    },
    rates: { known: { take: () => 0 }, strangers: { take: () => 0 } },
    isAdmin: () => false,
    now: () => new Date(0),
    serviceOfAttempt: () => Promise.reject(new Error('not asked for')),
  })
  return server
}

interface Route {
  readonly method: string
  readonly url: string
}

async function answers(
  { method, url }: Route,
  server: HttpServer,
  headers: Record<string, string>,
): Promise<Problem | undefined> {
  const answer = await server.inject({ method, url, headers: { host: '127.0.0.1:0', ...headers } })
  return Problem.safeParse(answer.json()).data
}

describe('the routes of the API', () => {
  const server = guarded()
  const routes: Route[] = []
  server.addHook('onRoute', ({ method, url }) => {
    routes.push({ method: String(method), url })
  })
  // No route comes as far as asking for anything.
  registerRoutes(server, Object.freeze({ health: () => ({ ready: true, checks: {} }) }) as unknown as Api)

  it('are all behind a token and a scope of their own, except those for health and the tools that ask the others', async () => {
    const open: string[] = []
    const anyToken: string[] = []
    for (const route of routes) {
      const missing = await answers(route, server, {})
      if (missing === undefined) open.push(route.url)
      else expect([route, missing]).toMatchObject([route, { status: 401, code: 'TOKEN_MISSING' }])
      if (missing === undefined) continue
      const narrow = await answers(route, server, { authorization: `Bearer ${TOKEN}` })
      if (narrow?.status === 403) expect([route, narrow.code]).toEqual([route, 'SCOPE_MISSING'])
      else anyToken.push(`${route.method} ${route.url}`)
    }
    expect(anyToken).toEqual(['POST /mcp', 'GET /mcp', 'DELETE /mcp'])
    expect(open).toEqual(['/livez', '/readyz'])
    expect(routes.length).toBeGreaterThan(15)
  })
})

it('does not take a route that does not say who may call it', () => {
  const server = guarded()
  expect(() => server.get('/v1/secret', () => ({}))).toThrow('GET /v1/secret does not say who may call it')
})
