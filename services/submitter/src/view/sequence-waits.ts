import { type Clock, raceAbort, RetryableError } from '@orchestrator/shared/core'

/** People and programs that wait until the view has a sequence of the ledger. */
export interface SequenceWaits {
  /** @throws RetryableError VIEW_NOT_READY after two seconds; the signal's reason */
  waitFor(seq: number, signal: AbortSignal): Promise<void>
  /** Tells those who wait that the view has moved. */
  moved(): void
}

const VIEW_WAIT_MS = 2000

export function createSequenceWaits(sequence: () => number, clock: Clock): SequenceWaits {
  const waiting = new Set<{ readonly seq: number; readonly reached: () => void }>()
  return {
    waitFor: async (seq, signal) => {
      if (sequence() >= seq) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiter = { seq, reached: resolve }
      const done = new AbortController()
      waiting.add(waiter)
      try {
        await raceAbort(Promise.race([promise, tooLate(seq, clock, done.signal)]), signal)
      } finally {
        waiting.delete(waiter)
        done.abort()
      }
    },
    moved: () => {
      for (const { seq, reached } of waiting) if (sequence() >= seq) reached()
    },
  }
}

async function tooLate(seq: number, clock: Clock, signal: AbortSignal): Promise<never> {
  await clock.sleep(VIEW_WAIT_MS, signal)
  throw new RetryableError('VIEW_NOT_READY', `the view has not reached sequence ${seq} of the ledger yet`, {
    retryAfterMs: 1000,
  })
}
