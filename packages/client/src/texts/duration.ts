import { TerminalError } from '@orchestrator/shared/core'

/** For people: `8s`, `3m 12s`, `2h 05m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes === 0) return `${seconds}s`
  if (hours === 0) return `${minutes}m ${pad(seconds % 60)}s`
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`
  return `${Math.floor(hours / 24)}d ${hours % 24}h`
}

const pad = (value: number): string => String(value).padStart(2, '0')

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/**
 * `90`, `90s`, `15m`, `2h`, `500ms` as milliseconds.
 * @throws TerminalError INPUT_INVALID
 */
export function parseDuration(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? []
  if (amount === undefined || !isUnit(unit)) {
    throw new TerminalError('INPUT_INVALID', `${JSON.stringify(text)} is no duration: use for example 90s, 15m or 2h`)
  }
  return Number(amount) * UNITS[unit]
}

function isUnit(text: string): text is keyof typeof UNITS {
  return text in UNITS
}

const DAY_MS = 24 * UNITS.h

/** As {@link parseDuration}, and days: `90d`. */
export function parseSpan(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? []
  return days === undefined ? parseDuration(text) : Number(days) * DAY_MS
}

/**
 * When it was: a time as it was given, which is the server's to judge, or how long before now: `24h`, `7d`.
 * @throws TerminalError INPUT_INVALID
 */
export function parseAgo(text: string, now: Date): string {
  if (/^\d{4}-/.test(text)) return text
  if (/^\d[\d.]*(?:ms|s|m|h|d)$/.test(text)) return new Date(now.getTime() - parseSpan(text)).toISOString()
  const example = 'use for example 24h, 7d or 2026-03-02T09:00:00Z'
  throw new TerminalError('INPUT_INVALID', `${JSON.stringify(text)} is neither a time nor how long ago: ${example}`)
}
