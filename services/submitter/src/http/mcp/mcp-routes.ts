/** The tools for models at `/mcp`: each call asks this server's own routes, as its caller. */
import { createClient } from '@orchestrator/client'
import { answerOverHttp, type McpDependencies, TOOL_PATIENCE_MS } from '@orchestrator/mcp'
import type { FastifyRequest } from 'fastify'
import packageJson from '../../../package.json' with { type: 'json' }
import { ANY_TOKEN } from '../access/route-access.ts'
import type { Api } from '../api.ts'
import { untilLeft } from '../event-routes.ts'
import { HttpRefusal } from '../problems.ts'
import type { HttpServer } from '../server.ts'
import { McpMessage } from './json-rpc.ts'
import { sendToOwnRoutes } from './own-routes.ts'

const PATH = '/mcp'

export function registerMcpRoutes(server: HttpServer, api: Api): void {
  server.post(PATH, { config: ANY_TOKEN, schema: { body: McpMessage } }, async (request, reply) => {
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)])
    const asked = new Request(urlOf(request), { method: 'POST', headers, signal: untilLeft(reply) })
    return reply.send(await answerOverHttp(dependenciesFor(request, server, api), asked, request.body))
  })

  // Streams and sessions of older protocols: clients take this status, and no other, for "there are none here".
  for (const method of ['GET', 'DELETE'] as const) {
    server.route({
      method,
      url: PATH,
      config: ANY_TOKEN,
      handler: (_request, reply) => {
        reply.header('allow', 'POST')
        throw new HttpRefusal(
          405,
          'METHOD_NOT_ALLOWED',
          'there are no sessions here: each request is a POST of its own',
        )
      },
    })
  }
}

function dependenciesFor(request: FastifyRequest, server: HttpServer, api: Api): McpDependencies {
  const { clock, logger, closing } = api
  const url = urlOf(request)
  const ask = { url: url.origin, door: 'mcp', fetch: sendToOwnRoutes(server, request), clock } as const
  return {
    version: packageJson.version,
    connect: async (signal) => await Promise.resolve(createClient({ ...ask, signal })),
    // Whoever asks stands elsewhere.
    findPlatform: async () => await Promise.resolve(undefined),
    patienceMs: TOOL_PATIENCE_MS,
    command: `ORCHESTRATOR_URL=${url.origin} orchestrator`,
    closing,
    clock,
    logger,
  }
}

/** As the caller wrote it: the name is one of those that are allowed. What stands in front of us may speak TLS. */
function urlOf({ headers }: FastifyRequest): URL {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'
  return new URL(PATH, `${scheme}://${headers.host}`)
}
