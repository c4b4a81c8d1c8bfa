import { type AttemptRef, attemptSubject } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { SubjectHistory } from '@orchestrator/shared/nats'
import { type AttemptHistory, readAttempt } from '../memory/attempt-history.ts'
import type { LedgerMemory } from '../memory/ledger-memory.ts'

/** One run of reconcile over one workspace, from its first look until it rests. */
export interface Pass {
  /**
   * The attempt as this pass knows it: read once, and then what the pass itself has added. Whatever else comes meanwhile
   * refuses what is published on it, so nothing is decided wrongly.
   */
  history(attempt: AttemptRef, signal: AbortSignal): Promise<AttemptHistory>
  /** The same until it has started; from then on as the ledger has it now, because no refusal protects what is done. */
  historyOfGrant(attempt: AttemptRef, signal: AbortSignal): Promise<AttemptHistory>
  /** This pass has published on the attempt's subject, at this moment or later: what is remembered was the whole of it. */
  published(attempt: AttemptRef, sinceMs: number): void
}

/** A publish that took longer may have been found in the ledger, with something after it. */
const PUBLISHED_WITHIN_MS = 1000

export function createPass(memory: LedgerMemory, clock: Pick<Clock, 'monotonicMs'>): Pass {
  const seen = new Set<string>()
  const published = new Map<string, number>()

  const recall = (attempt: AttemptRef): SubjectHistory | undefined => {
    const subject = attemptSubject(attempt)
    if (seen.has(subject)) return memory.recall(attempt)
    seen.add(subject)
    return memory.begun(attempt)
  }
  /** Once: an acknowledgement is as good as an answer of the ledger, for the one step that follows it. */
  const recallPublished = (attempt: AttemptRef): SubjectHistory | undefined => {
    const subject = attemptSubject(attempt)
    const sinceMs = published.get(subject) ?? Number.NEGATIVE_INFINITY
    published.delete(subject)
    return clock.monotonicMs() - sinceMs < PUBLISHED_WITHIN_MS ? memory.recall(attempt) : undefined
  }

  return {
    history: async (attempt, signal) => readAttempt(recall(attempt) ?? (await memory.read(attempt, signal))),
    historyOfGrant: async (attempt, signal) => {
      const known = recall(attempt)
      if (known !== undefined && readAttempt(known).started === undefined) return readAttempt(known)
      return readAttempt(recallPublished(attempt) ?? (await memory.read(attempt, signal)))
    },
    published: (attempt, sinceMs) => void published.set(attemptSubject(attempt), sinceMs),
  }
}
