/** A running attempt in few words, for a block that is updated in place or for plain lines. Pure. */
import { isTerminal } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import type { Attempt } from '../generated/api.ts'
import { describeUsage, elapsed, paintPhase, plural } from './describe-attempt.ts'
import type { Paint } from './paint.ts'

export interface LiveText {
  readonly attempt: Attempt
  readonly now: Date
  readonly paint: Paint
}

/** The block of a terminal: where it is, what it does, what it said. */
export function liveBlock({ attempt, now, paint }: LiveText): readonly string[] {
  const facts = [paintPhase(attempt.phase, paint), ...factsOf(attempt, now)].join(paint('dim', ' · '))
  const action = attempt.lastActions.at(-1)
  return [
    `${facts}  ${paint('dim', attempt.name)}`,
    ...(action === undefined ? [] : [`  ${paint('dim', '$')} ${printableLine(action)}`]),
    ...(attempt.lastText === null ? [] : [`  ${paint('dim', '>')} ${oneLine(attempt.lastText)}`]),
  ]
}

/** The same as one line without any style. */
export function plainLine({ attempt, now }: Omit<LiveText, 'paint'>): string {
  const facts = [attempt.phase, ...factsOf(attempt, now)].join(', ')
  const said = attempt.lastText ?? attempt.lastActions.at(-1)
  return said === undefined ? facts : `${facts}: ${oneLine(said)}`
}

/** Two views with the same mark tell a reader the same: counters and times alone are no news. */
export function newsMark({ phase, reason, message, step, ahead, lastText, stopRequested }: Attempt): string {
  return JSON.stringify([phase, reason, message, step, ahead, lastText, stopRequested])
}

function factsOf(attempt: Attempt, now: Date): readonly string[] {
  const waiting = !isTerminal(attempt.phase) && attempt.startedAt === null
  const facts = [
    attempt.step ?? undefined,
    waiting && attempt.ahead !== null && attempt.ahead > 0 ? `behind ${plural(attempt.ahead, 'attempt')}` : undefined,
    attempt.reason === null ? undefined : printableLine(attempt.reason),
    attempt.stopRequested && !isTerminal(attempt.phase) ? 'stopping' : undefined,
    elapsed(attempt, now),
    describeUsage(attempt.usage),
  ]
  return facts.filter((fact) => fact !== undefined)
}

function oneLine(text: string): string {
  return printableLine(text.trim().replaceAll(/\s*\n\s*/g, ' '))
}
