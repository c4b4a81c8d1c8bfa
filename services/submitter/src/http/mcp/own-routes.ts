import { Readable } from 'node:stream'
import type { SendRequest } from '@orchestrator/client'
import { raceAbort } from '@orchestrator/shared/core'
import type { FastifyRequest } from 'fastify'
import { HttpRefusal, toProblem } from '../problems.ts'
import type { HttpServer } from '../server.ts'

/**
 * Sends requests of one caller to this server's own routes, without a connection but with the caller's own header: they
 * allow, refuse, count and record what they would if the caller had sent them.
 */
export function sendToOwnRoutes(
  server: HttpServer,
  { headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>,
): SendRequest {
  const { host = '', authorization } = headers
  const caller = { host, ...(authorization === undefined ? {} : { authorization }) }
  return async (request, { signal }) => {
    const { pathname, search } = new URL(request.url)
    const body = await request.text()
    // Of its own, and let go: one signal may be that of hundreds of requests, one each second.
    const cancel = new AbortController()
    const onAbort = (): void => cancel.abort(signal.reason)
    const letGo = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    const options = {
      method: request.method,
      url: `${pathname}${search}`,
      headers: { ...Object.fromEntries(request.headers), ...caller },
      ...(body === '' ? {} : { payload: body }),
      remoteAddress: ip,
      payloadAsStream: true,
      signal: cancel.signal,
    }
    try {
      const answer = await raceAbort(server.inject(options), cancel.signal)
      const stream = answer.stream().once('close', letGo)
      return new Response(Readable.toWeb(stream), { status: answer.statusCode, headers: headersOf(answer.headers) })
    } catch (error) {
      letGo()
      signal.throwIfAborted()
      if (isClosed(error)) return stopping()
      throw error
    }
  }
}

function headersOf(headers: Readonly<Record<string, unknown>>): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_REOPENED_CLOSE_SERVER'
}

/** Whoever is told so asks again, and another replica answers. */
function stopping(): Response {
  const { problem } = toProblem(new HttpRefusal(503, 'STOPPING', 'this server is being stopped: ask again'))
  const headers = { 'content-type': 'application/problem+json' }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
