import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import { backoffMs } from '@orchestrator/shared/core'
import { isSameLease, isWanting, type Lease, LEASE_EXPIRES_MS, NOBODY } from '../deliveries/delivery.ts'

/** After an error that is not the sink's, a task is tried again. */
const RETRY_BACKOFF = { firstMs: 500, maxMs: 5_000 }

interface Waiting {
  readonly document: DeliveryDocument
  /** When the lease was last seen to change. */
  readonly leaseSinceMs: number
  readonly failures: number
  readonly notBeforeMs: number
}

export interface Candidate {
  readonly key: string
  /** The lease of another replica that counts as abandoned. */
  readonly expired: Lease | undefined
}

/** The tasks that one channel has yet to hear of, oldest first, as one replica sees them on its own monotonic clock. */
export interface WaitingList {
  readonly size: number
  note(key: string, document: DeliveryDocument | undefined): void
  /** Telling it failed for a reason of our own. */
  failed(key: string): void
  /** The oldest that may be told now; `busy` has those that this replica works on already. */
  next(busy: Pick<ReadonlySet<string>, 'has'>): Candidate | undefined
}

export interface WaitingListOptions {
  readonly holder: string
  readonly monotonicMs: () => number
  readonly random: () => number
}

export function createWaitingList({ holder, monotonicMs, random }: WaitingListOptions): WaitingList {
  const list = new Map<string, Waiting>()

  const isOpen = (document: DeliveryDocument): boolean => document.holder === NOBODY || document.holder === holder

  const standing = ({ document, leaseSinceMs }: Waiting, nowMs: number): 'free' | 'held' | 'expired' => {
    if (isOpen(document)) return 'free'
    return nowMs - leaseSinceMs < LEASE_EXPIRES_MS ? 'held' : 'expired'
  }

  return {
    get size() {
      return list.size
    },
    note: (key, document) => {
      if (document === undefined || (!isWanting(document) && isOpen(document))) {
        list.delete(key)
        return
      }
      const seen = list.get(key)
      const unchanged = seen !== undefined && isSameLease(seen.document, document)
      const leaseSinceMs = unchanged ? seen.leaseSinceMs : monotonicMs()
      list.set(key, {
        document,
        leaseSinceMs,
        failures: seen?.failures ?? 0,
        notBeforeMs: seen?.notBeforeMs ?? 0,
      })
    },
    failed: (key) => {
      const entry = list.get(key)
      if (entry === undefined) return
      const failures = entry.failures + 1
      const notBeforeMs = monotonicMs() + backoffMs(failures, RETRY_BACKOFF, random)
      list.set(key, { ...entry, failures, notBeforeMs })
    },
    next: (busy) => {
      const nowMs = monotonicMs()
      for (const [key, entry] of list) {
        if (busy.has(key) || nowMs < entry.notBeforeMs) continue
        const state = standing(entry, nowMs)
        if (state !== 'held') return { key, expired: state === 'expired' ? entry.document : undefined }
      }
      return undefined
    },
  }
}
