import { Readable } from 'node:stream'
import { EventId, parseEventId, ServiceName, Tag, TaskId } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { openEvents } from '../events/ledger-events.ts'
import { withHeartbeats } from '../events/sse.ts'
import { InvalidInput } from '../submit/faults.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import type { HttpServer } from './server.ts'

const EventsQuery = z.strictObject({
  service: z.exactOptional(ServiceName),
  tag: z.exactOptional(Tag),
  taskId: z.exactOptional(TaskId),
  fromSequence: z.exactOptional(z.coerce.number().int().min(1)),
})

/** Each costs the broker a consumer. */
const STREAMS_MAX = 100

export function registerEventRoutes(server: HttpServer, api: Api): void {
  let open = 0
  const options = { schema: { querystring: EventsQuery }, config: allow('read', 'query.service') }
  server.get('/v1/events', options, async (request, reply) => {
    const { fromSequence, ...filter } = request.query
    const id = lastEventId(request, EventId)
    const after = id === undefined ? undefined : parseEventId(id)
    if (open >= STREAMS_MAX) {
      const message = `${STREAMS_MAX} readers follow the events here already`
      throw new RetryableError('TOO_MANY_READERS', message, { retryAfterMs: 5000 })
    }
    open += 1
    reply.raw.once('close', () => (open -= 1))
    const signal = untilGone(api, reply)
    const events = await openEvents({ ledger: api.ledger, filter, after, fromSequence, signal })
    return sendSse(reply, withHeartbeats(events, api.clock))
  })
}

/** @throws InvalidInput */
export function lastEventId<T>({ headers }: FastifyRequest, schema: z.ZodType<T>): T | undefined {
  const given = headers['last-event-id']
  if (given === undefined) return undefined
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const message = parsed.error.issues[0]?.message ?? 'is not valid'
  throw new InvalidInput([{ field: 'last-event-id', value: given, message }])
}

/** Aborts when the client has left, or the service is about to stop. */
export function untilGone({ closing }: Api, reply: FastifyReply): AbortSignal {
  return AbortSignal.any([closing, untilLeft(reply)])
}

/** Aborts when the client has left. */
export function untilLeft({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController()
  raw.once('close', () => left.abort(new DOMException('the client has left', 'AbortError')))
  return left.signal
}

/** No proxy keeps it back. */
export function sendSse(reply: FastifyReply, texts: AsyncIterable<string>): FastifyReply {
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(texts))
}
