const MARK = '… [cut]'

/** Bytes of `value` as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/**
 * Cuts `text` so that it takes at most `maxBytes` inside a JSON document, escapes counted: a control character takes six
 * bytes there. Says so in the text; no character is split. Less room than the mark takes gives an empty text.
 */
export function cutToJsonBytes(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && innerBytes(text) <= maxBytes) return text
  const room = maxBytes - innerBytes(MARK)
  return room < 0 ? '' : text.slice(0, longestPrefix(text, room)) + MARK
}

const innerBytes = (text: string): number => jsonBytes(text) - 2

/** The most code units that fit: each takes a byte at least, so nothing beyond `room` has to be looked at. */
function longestPrefix(text: string, room: number): number {
  let low = 0
  let high = Math.min(text.length, room)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (innerBytes(text.slice(0, middle)) <= room) low = middle
    else high = middle - 1
  }
  const splits = low > 0 && /[\uD800-\uDBFF]/.test(text.charAt(low - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(low))
  return splits ? low - 1 : low
}
