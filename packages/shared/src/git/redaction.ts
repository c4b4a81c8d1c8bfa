export type Redaction = (text: string) => string

const MARK = '[redacted]'
/** Anything that a URL carries before its host, whoever wrote it there. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi

/** Removes known values, and passwords within URLs, from text that is about to leave. */
export function createRedaction(secrets: readonly string[]): Redaction {
  const values = secrets.filter((value) => value.length > 0).toSorted((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const value of values) clean = clean.replaceAll(value, MARK)
    return clean.replaceAll(USER_INFO, (whole, scheme: string) =>
      /^ssh:/i.test(scheme) && !whole.includes(':', scheme.length) ? whole : `${scheme}${MARK}@`,
    )
  }
}
