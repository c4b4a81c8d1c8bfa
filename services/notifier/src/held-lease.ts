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
  /** For a timer: gives a sign of life where one is due. What fails loses nothing but time: the write after the call tells. */
  beat(): void
}

export interface Holding {
  readonly key: string
  /** When a write last showed that the lease is held. */
  readonly confirmedMs: number
}

export function holdLease({ records, holder, clock, logger }: LeaseWorld, { key, confirmedMs }: Holding): HeldLease {
  let confirmedAt = confirmedMs
  let triedAt = confirmedMs
  const isDue = (sinceMs: number): boolean => clock.monotonicMs() - sinceMs >= LEASE_RENEW_MS

  const confirmed = (): void => {
    confirmedAt = clock.monotonicMs()
    triedAt = confirmedAt
  }

  const renew = async (): Promise<boolean> => {
    const document = await records.change({ key, decide: (current) => renewLease(current, holder) })
    if (document?.holder !== holder) return false
    confirmed()
    return true
  }

  return {
    confirmed,
    confirm: async () => !isDue(confirmedAt) || (await renew()),
    beat: () => {
      if (!isDue(triedAt)) return
      triedAt = clock.monotonicMs()
      renew().catch((error: unknown) => logger.warn({ key, err: error }, 'lease not renewed'))
    },
  }
}
