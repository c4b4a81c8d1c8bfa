import { createLogger } from '@orchestrator/shared/service'
import { describe, expect, it } from 'vitest'
import { PUBLIC } from '../access/route-access.ts'
import { createHttpServer, type HttpServer } from '../server.ts'
import { sendToOwnRoutes } from './own-routes.ts'

const CALLER = { headers: { host: '127.0.0.1:0', authorization: 'Bearer of-the-caller' }, ip: '192.0.2.7' }
const { signal: unended } = new AbortController()

function serverWith(add: (server: HttpServer) => void): HttpServer {
  const logger = createLogger({ name: 'test', level: 'silent' })
  const options = { host: '127.0.0.1', allowedHosts: [], maxConnections: 10, onFailure: () => undefined }
  const server = createHttpServer({ ...options, logger, closing: unended })
  add(server)
  return server
}

const to = (path: string, init: RequestInit = {}): Request => new Request(`http://elsewhere${path}`, init)

describe('requests to routes of its own', () => {
  it('come as those of the caller, whatever else they say', async () => {
    await using server = serverWith((routes) =>
      routes.post('/echo', { config: PUBLIC }, ({ headers, ip, body, query }) => ({ headers, ip, body, query })),
    )
    const headers = { authorization: 'Bearer of-another', 'content-type': 'application/json', 'x-more': '1' }
    const asked = to('/echo?a=%2F', { method: 'POST', headers, body: '{"b":[1]}' })
    const answer = await sendToOwnRoutes(server, CALLER)(asked, { signal: unended })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(await answer.json()).toMatchObject({
      headers: { ...CALLER.headers, 'x-more': '1' },
      ip: '192.0.2.7',
      body: { b: [1] },
      query: { a: '/' },
    })
  })

  it('end with the signal of whoever waits, and the route sees it', async () => {
    const reached = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    await using server = serverWith((routes) =>
      routes.get('/never', { config: PUBLIC }, async (_request, reply) => {
        reply.raw.once('close', closed.resolve)
        reached.resolve()
        return await new Promise(() => undefined)
      }),
    )
    const leave = new AbortController()
    const waiting = sendToOwnRoutes(server, CALLER)(to('/never'), { signal: leave.signal })
    await reached.promise
    const reason = new Error('enough')
    leave.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await closed.promise
  })

  it('are told to come again when the server has been closed', async () => {
    const server = serverWith(() => undefined)
    await server.ready()
    await server.close()
    const answer = await sendToOwnRoutes(server, CALLER)(to('/v1/tasks'), { signal: unended })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ status: 503, code: 'STOPPING' })
  })
})
