import type { Clock } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import type { DeliveryRecords } from './delivery-records.ts'
import { LEASE_RENEW_MS, renewLease } from './delivery.ts'

export interface LeaseWorld {
  readonly records: DeliveryRecords
  readonly holder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** The lease of one key while this replica works on it. */
export interface HeldLease {
  /** A write of one's own just showed that the lease is held. */
  confirmed(): void
  /** Before a call: true while the lease is held, asked of the broker when the last proof is older than a beat. */
  confirm(): Promise<boolean>
  /** Renews the lease for as long as the work takes. */
  keepWhile<T>(work: Promise<T>): Promise<T>
}

export function holdLease(world: LeaseWorld, key: string): HeldLease {
  const { records, holder, clock, logger } = world
  let confirmedAt = clock.monotonicMs()

  const renew = async (): Promise<boolean> => {
    const document = await records.change({ key, decide: (current) => renewLease(current, holder) })
    if (document?.holder !== holder) return false
    confirmedAt = clock.monotonicMs()
    return true
  }

  /** A renewal that fails loses nothing but time: whoever takes over shows in the write after the call. */
  const keepRenewing = async (ended: AbortSignal): Promise<void> => {
    while (!ended.aborted) {
      try {
        await clock.sleep(LEASE_RENEW_MS, ended)
        await renew()
      } catch (error) {
        if (!ended.aborted) logger.warn({ key, err: error }, 'lease not renewed')
      }
    }
  }

  return {
    confirmed: () => {
      confirmedAt = clock.monotonicMs()
    },
    confirm: async () => clock.monotonicMs() - confirmedAt < LEASE_RENEW_MS || (await renew()),
    keepWhile: async (work) => {
      const ended = new AbortController()
      const renewing = keepRenewing(ended.signal)
      try {
        return await work
      } finally {
        ended.abort()
        await renewing
      }
    },
  }
}
