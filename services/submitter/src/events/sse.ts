/** Server-sent events (WHATWG HTML, 9.2). */
import type { Clock } from '@orchestrator/shared/core'

export interface SseMessage {
  /** Where the reader goes on after this one. */
  readonly id?: string
  readonly event?: string
  readonly data?: unknown
}

/** Clients come again after so long when a connection ends. */
const RETRY_MS = 2000
/** Proxies and clients give up a connection that says nothing for longer. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'

export function formatSse({ id, event, data }: SseMessage): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [`retry: ${RETRY_MS}`] : [`event: ${event}`]),
    // JSON has no line breaks.
    ...(data === undefined ? [] : [`data: ${JSON.stringify(data)}`]),
  ]
  return `${lines.join('\n')}\n\n`
}

/** A comment wherever nothing was said for a while. One text is read ahead, no more: a slow client slows its source. */
export async function* withHeartbeats(texts: AsyncIterable<string>, clock: Clock): AsyncGenerator<string> {
  const iterator = texts[Symbol.asyncIterator]()
  try {
    for (let next = iterator.next(); ;) {
      const result = await nextOrQuiet(next, clock)
      if (result === 'quiet') {
        yield HEARTBEAT
        continue
      }
      if (result.done === true) return
      yield result.value
      next = iterator.next()
    }
  } finally {
    await iterator.return?.()
  }
}

async function nextOrQuiet(
  next: Promise<IteratorResult<string>>,
  clock: Clock,
): Promise<IteratorResult<string> | 'quiet'> {
  const heard = new AbortController()
  const quiet = clock.sleep(HEARTBEAT_MS, heard.signal).then(
    () => 'quiet' as const,
    () => 'quiet' as const,
  )
  try {
    return await Promise.race([next, quiet])
  } finally {
    heard.abort()
  }
}
