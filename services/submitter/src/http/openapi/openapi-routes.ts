import type { RouteOptions } from 'fastify'
import { z } from 'zod'
import packageJson from '../../../package.json' with { type: 'json' }
import { allow } from '../access/route-access.ts'
import type { HttpServer } from '../server.ts'
import { createDocument, type DocumentedRoute } from './document.ts'
import { NOT_OFFERED } from './operation.ts'
import { OPERATIONS } from './operations.ts'

const PATH = '/openapi.json'

/** Serves the OpenAPI document: of itself, and of every route that is registered after it. */
export function registerOpenApi(server: HttpServer): void {
  const routes: DocumentedRoute[] = []
  server.addHook('onRoute', (route) => {
    const documented = toDocumented(route)
    if (documented !== undefined) routes.push(documented)
  })
  let document: string | undefined
  server.get(PATH, { config: allow('read', 'none') }, (_request, reply) => {
    document ??= JSON.stringify(createDocument(routes, packageJson.version))
    return reply.type('application/json').send(document)
  })
}

/** @throws Error for a route that is not described */
function toDocumented({ method, url, schema = {}, config }: RouteOptions): DocumentedRoute | undefined {
  const operation = OPERATIONS[`${String(method)} ${url}`]
  const access = config?.access
  if (operation === undefined || access === undefined) {
    throw new Error(`${String(method)} ${url} is not described in operations.ts`)
  }
  if (operation === NOT_OFFERED) return undefined
  const { params, querystring, body } = schema
  return {
    method: String(method),
    url,
    operation,
    access,
    schemas: { params: toZod(params), querystring: toZod(querystring), body: toZod(body) },
  }
}

function toZod(schema: unknown): z.ZodType | undefined {
  return schema instanceof z.ZodType ? schema : undefined
}
