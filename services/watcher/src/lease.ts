import type { LeaseDocument } from '@orchestrator/shared/contracts'
import { type Clock, hasCode } from '@orchestrator/shared/core'
import type { DocumentEntry, Documents } from '@orchestrator/shared/nats'

/**
 * Which of several watchers of one place reads logs and tells progress. An economy only: every write behind it is
 * conditional, so two at once do no harm.
 */
export interface Lease {
  readonly held: boolean
  /** Takes the lease, renews it, takes it over when its holder went silent; gives it back at the end. */
  keep(signal: AbortSignal): Promise<void>
}

export interface LeaseOptions {
  readonly documents: Documents<LeaseDocument>
  readonly key: string
  /** Unlike that of every other replica, now and ever. */
  readonly holder: string
  readonly clock: Clock
  /** Called whenever `held` changed. */
  readonly onChange: () => void
}

export const LEASE_RENEW_MS = 5000
/** A record that stayed the same for so long, on the observer's own clock, has no holder any more. */
export const LEASE_EXPIRY_MS = 20_000

interface Seen {
  readonly revision: number
  readonly sinceMs: number
}

export function createLease(options: LeaseOptions): Lease {
  const { documents, key, holder, clock, onChange } = options
  let held = false
  /** A newcomer takes over at once: after a restart nobody waits for the dead one's lease. */
  let arriving = true
  let seen: Seen | undefined

  const setHeld = (now: boolean): void => {
    if (held === now) return
    held = now
    onChange()
  }

  const mayTake = (entry: DocumentEntry<LeaseDocument>): boolean => {
    const nowMs = clock.monotonicMs()
    if (seen?.revision !== entry.revision) seen = { revision: entry.revision, sinceMs: nowMs }
    return arriving || entry.value.holder === holder || nowMs - seen.sinceMs >= LEASE_EXPIRY_MS
  }

  const beat = async (): Promise<void> => {
    const entry = await documents.get(key)
    if (entry === undefined) await documents.create(key, { v: 1, holder, beat: 0 })
    else if (mayTake(entry))
      await documents.update(key, { ...entry.value, holder, beat: entry.value.beat + 1 }, entry.revision)
    else return setHeld(false)
    arriving = false
    setHeld(true)
  }

  const giveBack = async (): Promise<void> => {
    const entry = await documents.get(key)
    if (entry?.value.holder === holder) await documents.remove(key, entry.revision)
  }

  return {
    get held() {
      return held
    },
    keep: async (signal) => {
      try {
        for (;;) {
          await beat().catch(ignoreConflict)
          await clock.sleep(LEASE_RENEW_MS, signal)
        }
      } finally {
        // Not in time, or not at all: the others wait for its expiry.
        if (signal.aborted) await giveBack().catch(() => undefined)
      }
    },
  }
}

/** Somebody was faster: the next beat sees who. */
function ignoreConflict(error: unknown): void {
  if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
}
