/** What the answer of a webhook means. Pure. */
import type { Told } from './port.ts'

/** Client errors that say "later", not "never". */
const LATER = new Set([408, 425, 429])

export interface Answer {
  readonly status: number
  /** The header as sent; `null` when there is none. */
  readonly retryAfter: string | null
  readonly now: Date
}

export function toTold({ status, retryAfter, now }: Answer): Told {
  if (status >= 200 && status < 300) return 'delivered'
  if (status >= 400 && status < 500 && !LATER.has(status)) return { rejected: `answered ${status}` }
  const unavailable = status >= 300 && status < 400 ? `answered ${status}: redirects are refused` : `answered ${status}`
  const retryAfterMs = retryAfter === null ? undefined : parseRetryAfter(retryAfter, now)
  return retryAfterMs === undefined ? { unavailable } : { unavailable, retryAfterMs }
}

/** Seconds or an HTTP date, as RFC 9110 has it; anything else counts as not said. */
export function parseRetryAfter(text: string, now: Date): number | undefined {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime())
}
