/**
 * One POST over a connection that is kept. Not `fetch`, which takes three times the processor time: its streams, signals
 * and bodies are of no use here. Redirects are never followed, and of an answer only status and beginning are read.
 */
import * as http from 'node:http'
import * as https from 'node:https'

/** More of an answer is not read: only its status means something. */
const ANSWER_MAX_BYTES = 16 * 1024
/** A connection that nobody uses for so long is closed. */
const IDLE_MS = 4_000

export interface Posting {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface PostAnswer {
  readonly status: number
  readonly retryAfter: string | null
}

/** Why there is no answer: `TIMEOUT`, `INTERRUPTED` by the signal, or the code of the network's error, if it has one. */
export interface PostFailure {
  readonly failure: string | undefined
}

/** Posts to one address. Disposing closes the connections that are kept. */
export interface Poster extends Disposable {
  /** Never rejects. What came of an answer after its status changes nothing. */
  post(posting: Posting): Promise<PostAnswer | PostFailure>
}

/** @param timeoutMs for the whole of it, from looking the address up to the end of the answer */
export function createPoster(address: string, timeoutMs: number): Poster {
  const url = new URL(address)
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS })
  return {
    post: async ({ body, headers, signal }) => {
      if (signal.aborted) return { failure: 'INTERRUPTED' }
      const length = { 'content-length': Buffer.byteLength(body) }
      const call = request(url, { method: 'POST', agent, headers: { ...headers, ...length } })
      const outcome = outcomeOf(call)
      const end = (code: string): void => void call.destroy(Object.assign(new Error('given up'), { code }))
      const interrupt = (): void => end('INTERRUPTED')
      const timer = setTimeout(end, timeoutMs, 'TIMEOUT')
      signal.addEventListener('abort', interrupt, { once: true })
      call.end(body)
      try {
        return await outcome
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', interrupt)
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

function outcomeOf(call: http.ClientRequest): Promise<PostAnswer | PostFailure> {
  const { promise, resolve } = Promise.withResolvers<PostAnswer | PostFailure>()
  let answer: PostAnswer | undefined
  call.once('response', (response) => {
    const known = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null }
    answer = known
    discard(response, () => resolve(known))
  })
  call.on('error', ({ code }: NodeJS.ErrnoException) => resolve(answer ?? { failure: code }))
  return promise
}

/** A short answer is read to its end, so that the connection can be used again. */
function discard(response: http.IncomingMessage, onEnd: () => void): void {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > ANSWER_MAX_BYTES) response.destroy()
  })
  response.on('error', () => undefined)
  response.once('close', onEnd)
}
