/** A log as server-sent events: `line`, `gap` and `end`, with the number of the last line told as their id. Pure. */
import { z } from 'zod'
import { formatSse } from '../events/sse.ts'

/** @param chunks lines of JSON, each chunk ending with a line break */
export async function* toLogEvents(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  // Sends the headers: a follower may wait long for the first line.
  yield formatSse({})
  for await (const chunk of chunks) {
    const messages = chunk.split('\n').filter((line) => line !== '')
    if (messages.length > 0) yield messages.map(toMessage).join('')
  }
}

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue('is no JSON')
    return z.NEVER
  }
})

const Told = z.union([
  z.object({ seq: z.int() }).transform(({ seq }) => ({ event: 'line', id: String(seq) })),
  z.object({ kind: z.literal('gap'), last: z.int() }).transform(({ last }) => ({ event: 'gap', id: String(last) })),
  z.object({ kind: z.literal('end') }).transform(() => ({ event: 'end' })),
])

function toMessage(line: string): string {
  const { data: json } = Json.safeParse(line)
  const told = Told.safeParse(json)
  // What another release may have written is told all the same, only without a place to go on from.
  return formatSse({ ...(told.success ? told.data : { event: 'line' }), data: json ?? line })
}
