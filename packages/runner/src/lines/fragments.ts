/** Secrets that go on in the next line, as `base64`, `fold` and terminals break them. Pure. */
import { REDACTED } from '@orchestrator/shared/core'

/** Less of a secret is none, and may well be an innocent word. */
const FRAGMENT_MIN = 10
/** Broken lines are short. */
const LINE_MAX = 256

/** Hides the beginning of a secret at the end of a line, its end at the beginning of one, and a line that is its middle. */
export function createFragmentRedaction(variants: readonly string[]): (line: string) => string {
  const long = variants.filter((variant) => variant.length > FRAGMENT_MIN)
  const byStart = Map.groupBy(long, (variant) => variant.slice(0, FRAGMENT_MIN))
  const byEnd = Map.groupBy(long, (variant) => variant.slice(-FRAGMENT_MIN))
  const hideStart = (line: string): string => {
    for (let at = Math.max(0, line.length - LINE_MAX); at <= line.length - FRAGMENT_MIN; at += 1) {
      const candidates = byStart.get(line.slice(at, at + FRAGMENT_MIN))
      if (candidates?.some((variant) => variant.startsWith(line.slice(at))) === true)
        return `${line.slice(0, at)}${REDACTED}`
    }
    return line
  }
  const hideEnd = (line: string): string => {
    for (let to = Math.min(line.length, LINE_MAX); to >= FRAGMENT_MIN; to -= 1) {
      const candidates = byEnd.get(line.slice(to - FRAGMENT_MIN, to))
      if (candidates?.some((variant) => variant.endsWith(line.slice(0, to))) === true)
        return `${REDACTED}${line.slice(to)}`
    }
    return line
  }
  const isMiddle = (line: string): boolean =>
    line.length >= FRAGMENT_MIN && line.length <= LINE_MAX && long.some((variant) => variant.includes(line))
  return (line) => (isMiddle(line) ? REDACTED : hideEnd(hideStart(line)))
}
