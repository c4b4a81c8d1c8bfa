/** The one decision about a delivered message. Pure; `message-handling.ts` carries it out. */
import type { DeadLetterReason } from '../../contracts/index.ts'
import {
  type Backoff,
  backoffMs,
  describeError,
  type ErrorCode,
  hasCode,
  isRetryable,
  RetryableError,
} from '../../core/index.ts'
import type { Replayed } from '../ports.ts'

/** What came of a delivered message. */
export type Outcome =
  | { readonly kind: 'done'; readonly replayed: Replayed }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The consumer was stopped before the handler was done. */
  | { readonly kind: 'stopped' }
  /** Of a type that this release does not know: not for us. */
  | { readonly kind: 'foreign' }
  /** Of a later version of a type that we know: for a newer replica. */
  | { readonly kind: 'tooNew' }
  | { readonly kind: 'unreadable'; readonly problem: string }

export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nak'; readonly delayMs: number }
  | { readonly kind: 'deadLetter'; readonly reason: DeadLetterReason; readonly text: string }

/** Failures of one message that count; then it is dead-lettered. */
export const MAX_FAILURES = 8

/** Nobody's fault and no end in sight: such a failure says nothing about the message. */
const NEVER_COUNTED: readonly ErrorCode[] = [
  'BROKER_UNAVAILABLE',
  'CHANNEL_UNAVAILABLE',
  'LEDGER_FULL',
  'RUNTIME_UNAVAILABLE',
]

const COUNTED_BACKOFF: Backoff = { firstMs: 500, maxMs: 60_000 }
const UNCOUNTED_BACKOFF: Backoff = { firstMs: 1000, maxMs: 30_000 }
/** A newer replica may take it at any delivery; until one is there, it only should not spin. */
const TOO_NEW_DELAY_MS = 60_000

export function countsAsFailure(outcome: Outcome): boolean {
  if (outcome.kind !== 'failed' || isTooNew(outcome.error)) return false
  return !NEVER_COUNTED.some((code) => isRetryable(outcome.error) && hasCode(outcome.error, code))
}

export interface Tried {
  /** Failures that count, this one included. */
  readonly failures: number
  /** Deliveries so far, this one included. */
  readonly deliveries: number
  readonly random: () => number
}

export function settle(outcome: Outcome, tried: Tried): Settlement {
  switch (outcome.kind) {
    case 'done':
    case 'foreign':
      return { kind: 'ack' }
    case 'stopped':
      return { kind: 'nak', delayMs: 0 }
    case 'tooNew':
      return { kind: 'nak', delayMs: TOO_NEW_DELAY_MS }
    case 'unreadable':
      return { kind: 'deadLetter', reason: 'unreadable', text: outcome.problem }
    case 'failed':
      return settleFailure(outcome, tried)
  }
}

function settleFailure(outcome: Extract<Outcome, { kind: 'failed' }>, tried: Tried): Settlement {
  const { error } = outcome
  if (isTooNew(error)) return { kind: 'nak', delayMs: TOO_NEW_DELAY_MS }
  if (!isRetryable(error)) return { kind: 'deadLetter', reason: 'terminal', text: describeError(error) }
  const counted = countsAsFailure(outcome)
  if (counted && tried.failures >= MAX_FAILURES)
    return { kind: 'deadLetter', reason: 'tries', text: describeError(error) }
  return { kind: 'nak', delayMs: retryDelay(error, { ...tried, counted }) }
}

/** What we cannot understand yet is never given up, wherever the handler met it. */
function isTooNew(error: unknown): boolean {
  return hasCode(error, 'EVENT_TOO_NEW')
}

function retryDelay(
  error: unknown,
  { failures, deliveries, random, counted }: Tried & { readonly counted: boolean },
): number {
  const named = error instanceof RetryableError ? error.retryAfterMs : undefined
  if (named !== undefined) return named
  return counted ? backoffMs(failures, COUNTED_BACKOFF, random) : backoffMs(deliveries, UNCOUNTED_BACKOFF, random)
}
