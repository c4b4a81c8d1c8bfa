/**
 * What a submit cannot be faster than: a plain fastify route that publishes an event's bytes and awaits the broker.
 * `node bare-main.ts`, with NATS_URL, PORT, HEALTH_PORT and EVENT_FILE in the environment.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connectBroker } from '@orchestrator/shared/nats'
import { startHealthServer } from '@orchestrator/shared/service'
import { silentLog } from '@orchestrator/testing'

/** The part of fastify that the route needs. */
interface Server {
  post(path: string, handler: (request: unknown, reply: { code(status: number): unknown }) => Promise<object>): void
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
}

// The very fastify that the submitter runs on.
const fastify = createRequire(import.meta.resolve('@orchestrator/submitter'))('fastify') as () => Server

const { NATS_URL = '', PORT, HEALTH_PORT, EVENT_FILE = '' } = process.env
const event = await readFile(EVENT_FILE, 'utf8')
const signal = AbortSignal.timeout(10_000)
const broker = await connectBroker({ servers: [NATS_URL], name: 'bare', logger: silentLog, signal })

let task = 0
const server = fastify()
server.post('/v1/tasks', async (_request, reply) => {
  task += 1
  const { seq } = await broker.js.publish(`task.bare.master.${task}`, event)
  reply.code(202)
  return { sequence: seq }
})
await server.listen({ host: '127.0.0.1', port: Number(PORT) })
await startHealthServer(Number(HEALTH_PORT), () => ({ ready: true, checks: {} }))
process.once('SIGTERM', () => process.exit(0))
