/** Part of a log, small enough for an answer. */
import type { LogLine } from '@orchestrator/client'
import { formatLogLine, parseLogLine, PLAIN } from '@orchestrator/client/texts'
import { printableLine } from '@orchestrator/shared/core'

/** What a model can be handed at once without losing sight of the rest. */
const PAGE_MAX_BYTES = 40 * 1024

export interface LogPage {
  readonly lines: readonly string[]
  /** Numbers of the first and last line that the page stands for; `undefined` when it is empty. */
  readonly first: number | undefined
  readonly last: number | undefined
  /** Where to go on. */
  readonly next: number
  /** True when the log was read to its end, after which nothing comes. */
  readonly complete: boolean
}

export interface PageRequest {
  readonly log: AsyncIterable<LogLine>
  /** From here on; left out: the last lines. */
  readonly fromLine: number | undefined
  readonly limit: number
}

interface Entry {
  readonly text: string
  readonly first: number
  readonly last: number
  readonly bytes: number
}

export async function readPage({ log, fromLine, limit }: PageRequest): Promise<LogPage> {
  const entries: Entry[] = []
  let bytes = 0
  let next = fromLine ?? 1
  for await (const read of log) {
    if (read['kind'] === 'end') return toPage(entries, { next, complete: true })
    const entry = toEntry(read, next)
    const isFull = entries.length >= limit || bytes + entry.bytes > PAGE_MAX_BYTES
    if (isFull && fromLine !== undefined && entries.length > 0) return toPage(entries, { next, complete: false })
    entries.push(entry)
    bytes += entry.bytes
    next = entry.last + 1
    while (entries.length > limit || (bytes > PAGE_MAX_BYTES && entries.length > 1))
      bytes -= entries.shift()?.bytes ?? 0
  }
  return toPage(entries, { next, complete: false })
}

function toPage(entries: readonly Entry[], { next, complete }: Pick<LogPage, 'next' | 'complete'>): LogPage {
  const lines = entries.map(({ text }) => text).filter((text) => text !== '')
  return { lines, first: entries[0]?.first, last: entries.at(-1)?.last, next, complete }
}

/** Lines that no reader misses are empty ones: they count, and are left out. */
function toEntry(read: LogLine, expected: number): Entry {
  const line = parseLogLine(read)
  const text = line === undefined ? printableLine(JSON.stringify(read)) : (formatLogLine(line, PLAIN) ?? '')
  const numbers = numbersOf(line, expected)
  return { text, ...numbers, bytes: Buffer.byteLength(text) }
}

/** A line of another release has a number that is not known here: it follows the one before. */
function numbersOf(
  line: ReturnType<typeof parseLogLine>,
  expected: number,
): { readonly first: number; readonly last: number } {
  if (line?.kind === 'gap') return { first: line.first, last: line.last }
  const n = line === undefined || line.kind === 'end' ? expected : line.seq
  return { first: n, last: n }
}
