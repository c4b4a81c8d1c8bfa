/**
 * A scripted stand-in for a model's API: unmodified agents (`claude`, `codex`) run whole sessions against it, with real
 * tools, hooks and commits. What they are told comes from a script, what they asked is kept.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { toAnswer } from './answer.ts'
import { type ConversationRequest, readMessagesRequest } from './conversation-request.ts'
import { openEventStream } from './event-stream.ts'
import { streamMessage } from './messages-answer.ts'
import { createPlayback, type Playback } from './playback.ts'
import { streamResponse } from './responses-answer.ts'
import { readResponsesRequest } from './responses-request.ts'
import { ModelScript, type ModelScriptInput, type ScriptedTurn } from './scenario.ts'

export interface ScriptedModelOptions {
  readonly script: ModelScriptInput
  /** The only key that is accepted; left out: any. */
  readonly apiKey?: string
  /** 0, or left out: any free one. */
  readonly port?: number
}

export interface ScriptedModel extends AsyncDisposable {
  readonly url: string
  /** Every request that asked for a turn, in order. */
  readonly requests: readonly ConversationRequest[]
  /** Expectations of the script that did not hold. */
  readonly failures: readonly string[]
  /** Plays another script from its beginning; what was asked before stays listed. */
  play(script: ModelScriptInput): void
}

export async function startScriptedModel({ script, apiKey, port = 0 }: ScriptedModelOptions): Promise<ScriptedModel> {
  const requests: ConversationRequest[] = []
  const played: Playback[] = [createPlayback(ModelScript.parse(script))]
  const turnFor = (request: ConversationRequest): ScriptedTurn => {
    requests.push(request)
    return played.at(-1)?.next(request) ?? {}
  }
  const server = createServer((request, response) => {
    serve({ request, response, apiKey, turnFor }).catch((error: unknown) => {
      if (!response.headersSent) sendError(response, { status: 500, type: 'api_error', message: String(error) })
      else response.destroy()
    })
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(port, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    get failures() {
      return played.flatMap(({ failures }) => failures)
    },
    play: (next) => void played.push(createPlayback(ModelScript.parse(next))),
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly apiKey: string | undefined
  readonly turnFor: (request: ConversationRequest) => ScriptedTurn
}

async function serve(exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  const body = await text(request)
  const path = new URL(request.url ?? '/', 'http://model').pathname
  if (request.method === 'HEAD' || path === '/') return void response.writeHead(200).end()
  if (!isAuthorised(exchange))
    return sendError(response, { status: 401, type: 'authentication_error', message: 'invalid x-api-key' })
  if (path === '/v1/messages') return await answer(exchange, body, 'messages')
  if (path.endsWith('/responses')) return await answer(exchange, body, 'responses')
  if (path === '/v1/messages/count_tokens') return sendJson(response, { input_tokens: Math.ceil(body.length / 4) })
  sendError(response, { status: 404, type: 'not_found_error', message: `no ${request.method ?? ''} ${path} here` })
}

function isAuthorised({ request: { headers }, apiKey }: Exchange): boolean {
  const key = headers['x-api-key'] ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  return key !== undefined && (apiKey === undefined || key === apiKey)
}

async function answer(
  { request, response, turnFor }: Exchange,
  body: string,
  api: 'messages' | 'responses',
): Promise<void> {
  const parsed: unknown = JSON.parse(body)
  const asked = api === 'messages' ? readMessagesRequest(parsed, request.headers) : readResponsesRequest(parsed)
  const turn = turnFor(asked)
  // Silence: the connection stays open until the client gives up.
  if (turn.hang) return
  if (turn.delayMs !== undefined) await delay(turn.delayMs)
  if (turn.error !== undefined) return sendError(response, turn.error)
  const message = toAnswer(turn, asked, body.length)
  if (!asked.stream) return sendJson(response, message)
  const stream = openEventStream(response, turn.chunkMs ?? 0)
  await (api === 'messages' ? streamMessage : streamResponse)(stream, message, turn.cut === true)
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function sendError(response: ServerResponse, error: NonNullable<ScriptedTurn['error']>): void {
  const { status, type, message, retryAfterSeconds } = error
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ type: 'error', error: { type, message } }))
}
