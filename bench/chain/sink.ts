/** Receives webhooks and notes when each event of each attempt came. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { textOf } from './text-of.ts'

/** No more than what is looked at: what the sink takes is none of the chain's. */
const Told = z.object({ type: z.string(), subject: z.string() })

export interface Sink extends AsyncDisposable {
  readonly url: string
  /** When an event was told of an attempt, by its name; undefined before. */
  toldMs(type: string, name: string): number | undefined
}

export async function startSink(): Promise<Sink> {
  const told = new Map<string, number>()
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const nowMs = performance.now()
    const { type, subject } = Told.parse(JSON.parse(await textOf(request)))
    told.set(`${type} ${subject}`, nowMs)
    response.writeHead(204).end()
  }
  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink has no port')
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    toldMs: (type, name) => told.get(`${type} ${name}`),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
