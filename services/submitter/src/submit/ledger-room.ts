import { type Clock, RetryableError } from '@orchestrator/shared/core'
import type { Ledger } from '@orchestrator/shared/nats'

/** Every unfinished attempt, and a thousand to come, must be able to say how it ended. */
const BYTES_PER_ATTEMPT = 32 * 1024
const ATTEMPTS_TO_COME = 1000
const MIN_FREE_SHARE = 0.1
const REFRESH_MS = 2000
const RETRY_AFTER_MS = 30_000

export interface Room {
  readonly freeBytes: number
  readonly freeShare: number
}

/** Whether the ledger can take another attempt and still hold the end of all others. */
export function hasRoom({ freeBytes, freeShare }: Room, unfinished: number): boolean {
  return freeShare >= MIN_FREE_SHARE && freeBytes >= (unfinished + ATTEMPTS_TO_COME) * BYTES_PER_ATTEMPT
}

/** Knows the ledger's room without asking for it at each submit. */
export interface LedgerRoom {
  /** @throws RetryableError LEDGER_FULL */
  assertRoom(): void
  /** Asks again and again until the signal aborts. */
  refresh(signal: AbortSignal): Promise<void>
}

export interface LedgerRoomOptions {
  readonly ledger: Pick<Ledger, 'room'>
  readonly unfinished: () => number
  readonly clock: Clock
}

export function createLedgerRoom({ ledger, unfinished, clock }: LedgerRoomOptions): LedgerRoom {
  let enough = true
  return {
    assertRoom: () => {
      if (enough) return
      throw new RetryableError(
        'LEDGER_FULL',
        'the ledger is nearly full, so it takes no new attempts: raise LEDGER_MAX_BYTES',
        {
          retryAfterMs: RETRY_AFTER_MS,
        },
      )
    },
    refresh: async (signal) => {
      for (;;) {
        const room = await ledger.room(signal)
        enough = hasRoom(room, unfinished())
        await clock.sleep(REFRESH_MS, signal)
      }
    },
  }
}
