import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'

const ToldEvent = z.object({
  type: z.string(),
  subject: z.string(),
  data: z.looseObject({ phase: z.exactOptional(z.string()) }),
})

export interface Told {
  readonly type: string
  readonly subject: string
  readonly phase: string | undefined
  /** Whether the signature was that of the shared secret. */
  readonly signed: boolean
}

/** What a team's own receiver would be: checks signatures, notes what it was told. */
export interface WebhookListener extends AsyncDisposable {
  readonly url: string
  readonly told: readonly Told[]
}

export async function startWebhookListener(secret: string): Promise<WebhookListener> {
  const webhook = new Webhook(secret)
  const told: Told[] = []
  const server = createServer((request, response) => {
    const note = async (): Promise<void> => {
      const body = await text(request)
      const { type, subject, data } = ToldEvent.parse(JSON.parse(body))
      told.push({ type, subject, phase: data.phase, signed: isSigned(webhook, { body, headers: request.headers }) })
      response.writeHead(204).end()
    }
    note().catch(() => response.writeHead(400).end())
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    told,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

interface SignedRequest {
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

function isSigned(webhook: Webhook, { body, headers }: SignedRequest): boolean {
  const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  try {
    webhook.verify(body, flat)
    return true
  } catch {
    return false
  }
}
