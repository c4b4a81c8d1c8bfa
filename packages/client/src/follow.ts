/** Server-sent events (WHATWG HTML, 9.2) over connections that may break. */
import type { Clock } from '@orchestrator/shared/core'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { isPassing } from './server-error.ts'

export const POLL_MS = 1_000
/** A server that is being restarted is waited for. */
export const PATIENCE_MS = 30_000
/** The server says something every 15 seconds. */
const SILENCE_MS = 50_000

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds to go on without a server before the last error is thrown; 30 seconds when left out. */
  readonly patienceMs?: number
  /** Milliseconds without a word after which a connection is made anew; 50 seconds when left out. */
  readonly silenceMs?: number
  /** The server has stopped answering: it is asked again for a while. */
  readonly onTrouble?: ((problem: unknown) => void) | undefined
}

export interface Followed extends FollowOptions {
  /** A connection that goes on after the event with this id. */
  readonly open: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>
  readonly lastEventId: string | undefined
  readonly clock: Clock
}

/** Messages without an end, each once; ends when the signal does, by throwing its reason. */
export async function* followMessages(followed: Followed): AsyncGenerator<EventSourceMessage> {
  const { open, clock, signal = new AbortController().signal, onTrouble } = followed
  const { patienceMs = PATIENCE_MS, silenceMs = SILENCE_MS } = followed
  let { lastEventId } = followed
  let retryMs = POLL_MS
  let troubledSince: number | undefined
  const onOpen = (): void => void (troubledSince = undefined)
  const onId = (id: string): void => void (lastEventId = id)
  const onRetry = (ms: number): void => void (retryMs = ms)
  for (;;) {
    try {
      const connect = async (ends: AbortSignal): Promise<Response> => await open(lastEventId, ends)
      yield* readMessages({ open: connect, signal, silenceMs, onOpen, onId, onRetry })
    } catch (error) {
      signal.throwIfAborted()
      if (!isBroken(error)) throw error
      const now = clock.monotonicMs()
      if (troubledSince === undefined) onTrouble?.(error)
      troubledSince ??= now
      if (now - troubledSince >= patienceMs) throw error
    }
    await clock.sleep(retryMs, signal)
  }
}

interface Reading {
  readonly open: (signal: AbortSignal) => Promise<Response>
  readonly signal: AbortSignal
  readonly silenceMs: number
  readonly onOpen: () => void
  readonly onId: (id: string) => void
  readonly onRetry: (ms: number) => void
}

/** Those of one connection. Its end, and its silence, is the end of it. */
async function* readMessages({ open, signal, silenceMs, onOpen, ...on }: Reading): AsyncGenerator<EventSourceMessage> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new TypeError('the server says nothing')), silenceMs)
  const messages: EventSourceMessage[] = []
  const parser = createParser({ ...on, onEvent: (message) => void messages.push(message) })
  const decoder = new TextDecoder()
  try {
    const response = await open(AbortSignal.any([signal, silence.signal]))
    onOpen()
    for await (const chunk of response.body ?? []) {
      timer.refresh()
      parser.feed(decoder.decode(chunk, { stream: true }))
      yield* messages.splice(0)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** A body that ends in the middle is a TypeError of fetch. */
function isBroken(error: unknown): boolean {
  return isPassing(error) || error instanceof TypeError
}
