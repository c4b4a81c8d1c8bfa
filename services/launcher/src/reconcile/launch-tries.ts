/** How often making the workload of an attempt has failed in this process: a bounded number of tries, with backoff. */
import { type Backoff, backoffMs, type Clock, describeError, hasCode, isRetryable } from '@orchestrator/shared/core'
import { remember } from '../memory/remember.ts'
import type { LaunchFact } from './next-step.ts'

export interface LaunchTries {
  fact(submittedId: string): LaunchFact
  failed(submittedId: string, error: unknown): void
  forget(submittedId: string): void
}

export interface LaunchTriesOptions {
  readonly clock: Clock
  readonly random: () => number
}

const MAX_TRIES = 5
const BACKOFF: Backoff = { firstMs: 500, maxMs: 15_000 }

interface Failure {
  readonly tries: number
  readonly notBefore: number
  readonly error: unknown
}

export function createLaunchTries({ clock, random }: LaunchTriesOptions): LaunchTries {
  const failures = new Map<string, Failure>()
  return {
    fact: (submittedId) => {
      const failure = failures.get(submittedId)
      return failure === undefined ? { kind: 'due' } : toFact(failure, clock.monotonicMs())
    },
    failed: (submittedId, error) => {
      const tries = (failures.get(submittedId)?.tries ?? 0) + 1
      remember(failures, submittedId, {
        tries,
        notBefore: clock.monotonicMs() + backoffMs(tries, BACKOFF, random),
        error,
      })
    },
    forget: (submittedId) => void failures.delete(submittedId),
  }
}

function toFact({ tries, notBefore, error }: Failure, now: number): LaunchFact {
  const problem = describeError(error)
  if (!isRetryable(error)) {
    const reason = isConfiguration(error) ? 'ConfigurationInvalid' : 'LaunchFailed'
    return { kind: 'failed', reason, message: problem }
  }
  // It says nothing about the attempt: a full disk must not end everything that waits.
  if (tries >= MAX_TRIES && !isDiskFull(error)) {
    return { kind: 'failed', reason: 'LaunchFailed', message: `It could not be started in ${tries} tries: ${problem}` }
  }
  return notBefore > now ? { kind: 'later', inMs: notBefore - now, problem } : { kind: 'due' }
}

function isConfiguration(error: unknown): boolean {
  return hasCode(error, 'SETTINGS_INVALID') || hasCode(error, 'CONFIG_INVALID') || hasCode(error, 'TEMPLATE_INVALID')
}

function isDiskFull(error: unknown): boolean {
  if (hasCode(error, 'DISK_FULL')) return true
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
