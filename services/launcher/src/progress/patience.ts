import type { Clock } from '@orchestrator/shared/core'
import { remember } from '../memory/remember.ts'

/**
 * How long an attempt lets older ones go first that could start and do not: their workspace may be one that nobody can
 * bring forward, and a free place is not kept for it for ever.
 */
export interface Patience {
  /** Asked each time that it would have to wait. */
  isOver(submittedId: string): boolean
  forget(submittedId: string): void
}

export const PATIENCE_MS = 10_000

export function createPatience(clock: Pick<Clock, 'monotonicMs'>): Patience {
  const since = new Map<string, number>()
  return {
    isOver: (submittedId) => {
      const now = clock.monotonicMs()
      const first = since.get(submittedId) ?? now
      remember(since, submittedId, first)
      return now - first >= PATIENCE_MS
    },
    forget: (submittedId) => void since.delete(submittedId),
  }
}
