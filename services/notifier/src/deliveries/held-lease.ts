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
  /** When a write was asked for that showed that the lease is held: what its answer took on its way may have been long. */
  readonly confirmedMs: number
  /** A write of one's own, asked for at that time, showed that the lease is held. */
  confirmed(askedMs: number): void
  /** Before a call: true while the lease is held, asked of the broker when the last proof is older than a beat. */
  confirm(): Promise<boolean>
  /** For a timer: gives a sign of life where one is due. What fails loses nothing but time: the write after the call tells. */
  beat(): void
}

export interface Holding {
  readonly key: string
  /** When the write was asked for that last showed that the lease is held. */
  readonly confirmedMs: number
}

export function holdLease({ records, holder, clock, logger }: LeaseWorld, { key, confirmedMs }: Holding): HeldLease {
  let confirmedAt = confirmedMs
  let triedAt = confirmedMs
  const isDue = (sinceMs: number): boolean => clock.monotonicMs() - sinceMs >= LEASE_RENEW_MS

  const confirmed = (askedMs: number): void => {
    confirmedAt = askedMs
    triedAt = askedMs
  }

  const renew = async (): Promise<boolean> => {
    const askedMs = clock.monotonicMs()
    const document = await records.change({ key, decide: (current) => renewLease(current, holder) })
    if (document?.holder !== holder) return false
    confirmed(askedMs)
    return true
  }

  return {
    get confirmedMs() {
      return confirmedAt
    },
    confirmed,
    confirm: async () => !isDue(confirmedAt) || (await renew()),
    beat: () => {
      if (!isDue(triedAt)) return
      triedAt = clock.monotonicMs()
      renew().catch((error: unknown) => logger.warn({ key, err: error }, 'lease not renewed'))
    },
  }
}
