import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

export interface Sink extends AsyncDisposable {
  readonly url: string
  /** Sequences of the events, in the order of arrival. */
  readonly told: readonly number[]
}

const Body = z.object({ sequence: z.string().transform(Number) })

/** Takes its time to answer, so that a notifier may well be killed between what it said and what it wrote down. */
export async function startSink(answerMs: () => number): Promise<Sink> {
  const told: number[] = []
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      told.push(Body.parse(JSON.parse(await text(request))).sequence)
      await delay(answerMs())
      response.writeHead(204).end()
    }
    receive().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`,
    told,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
