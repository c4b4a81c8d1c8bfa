import { type AttemptRef, attemptSubject } from '@orchestrator/shared/contracts'
import { type AttemptHistory, readAttempt } from './attempt-history.ts'
import type { LedgerMemory } from './ledger-memory.ts'

/** One run of reconcile over one workspace, from its first look until it rests. */
export interface Pass {
  /**
   * The attempt as this pass knows it: read once, and then what the pass itself has added. Whatever else comes meanwhile
   * refuses what is published on it, so nothing is decided wrongly.
   */
  history(attempt: AttemptRef, signal: AbortSignal): Promise<AttemptHistory>
  /** As the ledger has it now, for what no refusal protects. */
  freshHistory(attempt: AttemptRef, signal: AbortSignal): Promise<AttemptHistory>
}

export function createPass(memory: LedgerMemory): Pass {
  const seen = new Set<string>()
  const freshHistory = async (attempt: AttemptRef, signal: AbortSignal): Promise<AttemptHistory> => {
    seen.add(attemptSubject(attempt))
    return readAttempt(await memory.read(attempt, signal))
  }
  return {
    freshHistory,
    history: async (attempt, signal) => {
      const known = seen.has(attemptSubject(attempt)) ? memory.recall(attempt) : undefined
      return known === undefined ? await freshHistory(attempt, signal) : readAttempt(known)
    },
  }
}
