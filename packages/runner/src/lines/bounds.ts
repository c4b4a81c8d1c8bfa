/** Keeping a line within its bound, measured as JSON, where one control character takes six bytes. */
import { z } from 'zod'

export interface Cut {
  readonly text: string
  /** Bytes of UTF-8 left out. */
  readonly cutBytes: number
}

const SHORT_ESCAPES = new Set(['"', '\\', '\b', '\f', '\n', '\r', '\t'])

function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (SHORT_ESCAPES.has(character)) return 2
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 6
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
}

/** The longest beginning of `text` that takes at most `maxBytes` within a JSON string; no character is split. */
export function cutToJsonBytes(text: string, maxBytes: number): Cut {
  let used = 0
  let end = 0
  for (const character of text) {
    used += jsonBytes(character)
    if (used > maxBytes) break
    end += character.length
  }
  const kept = text.slice(0, end)
  return { text: kept, cutBytes: end === text.length ? 0 : Buffer.byteLength(text) - Buffer.byteLength(kept) }
}

/** Room for the mark and the count that a cut adds. */
const MARK_ROOM = 64

/**
 * Shortens the longest text of a JSON line, then the next, until the line fits, and says how many bytes are gone:
 * in `cut` for output, else in the text itself.
 */
export function boundLine(line: string, maxBytes: number): string {
  let bounded = line
  // A line has few texts; each is shortened at most once.
  for (let tries = 0; tries < 8 && Buffer.byteLength(bounded) > maxBytes; tries += 1) {
    bounded = JSON.stringify(
      shortenLongest(
        z.record(z.string(), z.unknown()).parse(JSON.parse(bounded)),
        Buffer.byteLength(bounded) - maxBytes,
      ),
    )
  }
  return bounded
}

function shortenLongest(line: Record<string, unknown>, tooMany: number): Record<string, unknown> {
  const sizes = Object.entries(line).flatMap(([name, value]) =>
    typeof value === 'string' ? [{ name, value, bytes: Buffer.byteLength(JSON.stringify(value)) - 2 }] : [],
  )
  const longest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]
  if (longest === undefined) return line
  const { text, cutBytes } = cutToJsonBytes(longest.value, Math.max(0, longest.bytes - tooMany - MARK_ROOM))
  if (line['kind'] !== 'output') return { ...line, [longest.name]: `${text}… [${cutBytes} bytes cut]` }
  return {
    ...line,
    [longest.name]: text,
    cut: (typeof line['cut'] === 'number' ? line['cut'] : 0) + cutBytes,
  }
}
