import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

/** A status to answer with, no answer at all, or a broken connection. */
export type SinkResponse =
  | number
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

export interface WebhookSinkOptions {
  /** `whsec_…`; with it every signature is verified. */
  readonly secret?: string
  /** What to do with the `n`th request, counted from 1; 204 when left out. */
  readonly respond?: (n: number) => SinkResponse
}

export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body as JSON; `undefined` when it is none. */
  readonly body: unknown
  /** `undefined` where the sink has no secret. */
  readonly verified: boolean | undefined
}

/** A receiver of Standard Webhooks on a port of its own, which writes down all that it is sent. */
export interface WebhookSink extends AsyncDisposable {
  readonly url: string
  /** Every request in the order of arrival, whatever was answered. */
  readonly received: readonly ReceivedWebhook[]
  /** Changes the behaviour from the next request on. */
  respondWith(respond: (n: number) => SinkResponse): void
}

export async function startWebhookSink(options: WebhookSinkOptions = {}): Promise<WebhookSink> {
  const received: ReceivedWebhook[] = []
  const webhook = options.secret === undefined ? undefined : new Webhook(options.secret)
  let respond = options.respond ?? (() => 204)

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push(toReceived(request, await buffer(request), webhook))
    answer(response, respond(received.length))
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy())
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  return {
    url: `http://127.0.0.1:${portOf(server)}/hook`,
    received,
    respondWith: (next) => {
      respond = next
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink does not listen on a port')
  return address.port
}

function toReceived(request: IncomingMessage, bytes: Buffer, webhook: Webhook | undefined): ReceivedWebhook {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  const text = bytes.toString('utf8')
  const verified = webhook === undefined ? undefined : verifies(webhook, text, headers)
  return { headers, text, body: parseJson(text), verified }
}

function verifies(webhook: Webhook, text: string, headers: Record<string, string>): boolean {
  try {
    webhook.verify(text, headers)
    return true
  } catch {
    return false
  }
}

function answer(response: ServerResponse, what: SinkResponse): void {
  if (what === 'hang') return
  if (what === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const { status, headers = {}, body = '' } = typeof what === 'number' ? { status: what } : what
  response.writeHead(status, headers).end(body)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
