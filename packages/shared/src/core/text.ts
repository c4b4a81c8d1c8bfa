const TRUNCATION_MARK = '… [cut]'

/** Cuts `text` to at most `maxBytes` of UTF-8 without splitting a character, and says so in the text. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const room = Math.max(0, maxBytes - Buffer.byteLength(TRUNCATION_MARK))
  const bytes = Buffer.from(text).subarray(0, room)
  return new TextDecoder('utf-8', { fatal: false }).decode(bytes).replace(/\uFFFD+$/u, '') + TRUNCATION_MARK
}

// The escape character and its kin are what the pattern is for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/gu

/** Makes untrusted text safe for a terminal: control characters (ANSI included) and direction overrides become visible. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (c) => `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
}

/** As {@link printable}, on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, (c) => (c === '\n' ? '\\n' : ' '))
}
