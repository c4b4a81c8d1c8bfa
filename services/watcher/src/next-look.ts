/** When an attempt is looked at again, if nothing says so before. */

export interface LookSituation {
  /** The last look found an end that another look has to confirm. */
  readonly unconfirmed: boolean
  /** How many looks ago something said that its end is near; `undefined` when nothing does. */
  readonly looksSinceHint: number | undefined
  readonly intervalMs: number
}

/** Between two looks at an absence. */
export const CONFIRM_AFTER_MS = 1000
const FIRST_MS = 2
/** So that a look is late by about a fifth of the time that the end took after its hint. */
const GROWTH = 1.25
/** However long ago the hint came: a stop may take its whole grace. */
const HINTED_MAX_MS = 2000

export function nextLookMs({ unconfirmed, looksSinceHint, intervalMs }: LookSituation): number {
  if (unconfirmed) return Math.min(CONFIRM_AFTER_MS, intervalMs)
  if (looksSinceHint === undefined) return intervalMs
  return Math.min(intervalMs, HINTED_MAX_MS, FIRST_MS * GROWTH ** Math.min(looksSinceHint, 100))
}
