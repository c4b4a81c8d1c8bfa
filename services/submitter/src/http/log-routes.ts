import { Readable } from 'node:stream'
import { z } from 'zod'
import { openLog } from '../read-log.ts'
import type { AttemptRow } from '../view/rows.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { NameParams } from './attempt-routes.ts'
import { untilGone } from './event-routes.ts'
import { findAttempt, untilReadable } from './reading.ts'
import type { HttpServer } from './server.ts'

const LogQuery = z.strictObject({
  fromLine: z.coerce.number().int().min(1).default(1),
  follow: z
    .stringbool({ truthy: ['true', '1', ''], falsy: ['false', '0'] })
    .meta({ enum: ['true', '1', '', 'false', '0'] })
    .default(false),
})

/** Lines as NDJSON: live, afterwards, and from the archive alike. */
export function registerLogRoutes(server: HttpServer, api: Api): void {
  const options = {
    config: allow('read', 'params.name'),
    schema: { params: NameParams, querystring: LogQuery },
  }
  server.get('/v1/attempts/:name/logs', options, async ({ params, query }, reply) => {
    await untilReadable(api, undefined)
    const found = await findAttempt(api, params.name)
    const signal = untilGone(api, reply)
    const attempt = (): AttemptRow => api.view.queries.attemptByName(params.name) ?? found
    const { logs, archive, broker, clock } = api
    const lines = await openLog({ logs, archive, broker, attempt, ...query, clock, signal })
    return reply.type('application/x-ndjson').send(Readable.from(lines))
  })
}
