/** What every request has in common, whoever makes it: who asks, what is refused, and who is not there. */
import { Problem } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { ServerError } from './server-error.ts'

export interface ConnectionOptions {
  readonly url: string
  /** For what needs one. A function is asked at each request, so that a token may be replaced. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>) | undefined
  /** How people came here: the ledger keeps it. `http` when left out. */
  readonly door?: 'http' | 'cli' | 'mcp'
  /** Sends what was made ready; the global `fetch` when left out. */
  readonly fetch?: SendRequest
  /** Ends everything that the client does. */
  readonly signal?: AbortSignal
  /** How the address was found, for messages. */
  readonly source?: string
  /** How to start a server, for messages. */
  readonly startCommand?: string
}

export type SendRequest = (request: Request, init: { readonly signal: AbortSignal }) => Promise<Response>

export interface Connection {
  /** @throws ServerError; TerminalError SERVER_UNREACHABLE when nobody or something else answers */
  readonly send: (request: Request) => Promise<Response>
  /** The error for an answer that is none. */
  readonly unreachable: (why: string, cause?: unknown) => TerminalError
}

export function createConnection(options: ConnectionOptions): Connection {
  const { url, token, door = 'http', source, startCommand, fetch: sendOut = fetch } = options
  const unreachable = (why: string, cause?: unknown): TerminalError => {
    const start = startCommand === undefined ? 'start it' : `start it with "${startCommand}"`
    const where = source === undefined ? url : `${url} (from ${source})`
    const message = `the server at ${where} ${why}: is it running? ${capital(start)}, or correct the address`
    return new TerminalError('SERVER_UNREACHABLE', message, { cause })
  }
  const reach = async (request: Request): Promise<Response> => {
    const signals = [request.signal, ...(options.signal === undefined ? [] : [options.signal])]
    const signal = AbortSignal.any(signals)
    signal.throwIfAborted()
    try {
      return await sendOut(request, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw unreachable('does not answer', error)
    }
  }
  return {
    unreachable,
    send: async (request) => {
      const given = typeof token === 'function' ? await token() : token
      if (given !== undefined) request.headers.set('authorization', `Bearer ${given}`)
      request.headers.set('x-orchestrator-door', door)
      const response = await reach(request)
      const type = mediaTypeOf(response)
      if (OURS.has(type) || response.status === 304) return response
      const problem = type === PROBLEM ? Problem.safeParse(await toJson(response)) : undefined
      if (problem?.success === true) throw new ServerError(problem.data, retryAfterMs(response))
      throw unreachable(`answered ${response.status} and is not ours`)
    },
  }
}

const PROBLEM = 'application/problem+json'
const OURS = new Set(['application/json', 'application/x-ndjson', 'text/event-stream'])

function mediaTypeOf({ headers }: Response): string {
  return headers.get('content-type')?.split(';')[0]?.trim() ?? ''
}

async function toJson(response: Response): Promise<unknown> {
  return await response.json().catch(() => undefined)
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
