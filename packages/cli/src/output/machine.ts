// Invisible characters are what the pattern is for.
const UNSAFE = /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g

/**
 * One line of JSON that a terminal may show: what `JSON.stringify` leaves as it is and a terminal obeys is written as
 * an escape, which every reader of JSON undoes.
 */
export function toJsonLine(value: unknown): string {
  return escapeJson(JSON.stringify(value))
}

/** The same for text that is JSON already. */
export function escapeJson(json: string): string {
  return json.replaceAll(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
