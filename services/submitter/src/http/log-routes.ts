import { Readable } from 'node:stream'
import { z } from 'zod'
import { withHeartbeats } from '../events/sse.ts'
import { toLogEvents } from '../logs/log-events.ts'
import { openLog } from '../logs/read-log.ts'
import type { AttemptRow } from '../view/rows.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { NameParams } from './attempt-routes.ts'
import { lastEventId, sendSse, untilGone } from './event-routes.ts'
import { findAttempt, untilReadable } from './reading.ts'
import type { HttpServer } from './server.ts'

const LogQuery = z.strictObject({
  fromLine: z.coerce.number().int().min(1).default(1),
  follow: z
    .enum(['true', '1', '', 'false', '0'])
    .transform((text) => !['false', '0'].includes(text))
    .default(false),
})

/** Of the last line that a reader of events has. */
const LineNumber = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'must be the id of a line as it was sent, for example "17"')
  .transform(Number)

/** Lines as NDJSON, or as server-sent events where they are asked for: live, afterwards, and from the archive alike. */
export function registerLogRoutes(server: HttpServer, api: Api): void {
  const options = {
    config: allow('read', 'params.name'),
    schema: { params: NameParams, querystring: LogQuery },
  }
  server.get('/v1/attempts/:name/logs', options, async (request, reply) => {
    const { params, query, headers } = request
    const isSse = headers.accept?.includes('text/event-stream') === true
    const last = isSse ? lastEventId(request, LineNumber) : undefined
    const fromLine = last === undefined ? query.fromLine : last + 1
    await untilReadable(api, undefined)
    const found = await findAttempt(api, params.name)
    const signal = untilGone(api, reply)
    const attempt = (): AttemptRow => api.view.queries.attemptByName(params.name) ?? found
    const { logs, archive, broker, clock } = api
    const lines = await openLog({ logs, archive, broker, attempt, ...query, fromLine, clock, signal })
    reply.header('vary', 'accept')
    if (isSse) return sendSse(reply, withHeartbeats(toLogEvents(lines), clock))
    return reply.type('application/x-ndjson').send(Readable.from(lines))
  })
}
