import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import type { UnattendedWork } from '../telling/unattended-work.ts'
import type { DeliveryRecords } from './delivery-records.ts'
import { releaseLease } from './delivery.ts'

/** Gives back leases that were kept in vain. Meanwhile nobody may take up the task. */
export interface LeaseReturns {
  has(key: string): boolean
  giveBack(key: string): void
}

export interface LeaseReturnsOptions {
  readonly records: Pick<DeliveryRecords, 'change'>
  readonly holder: string
  readonly work: Pick<UnattendedWork, 'run'>
  readonly onReturned: (key: string, document: DeliveryDocument | undefined) => void
  /** Returned or not, it may be taken up again. */
  readonly onEnd: () => void
}

export function createLeaseReturns(options: LeaseReturnsOptions): LeaseReturns {
  const { records, holder, work, onReturned, onEnd } = options
  const returning = new Set<string>()
  const release = async (key: string): Promise<void> => {
    try {
      onReturned(key, await records.change({ key, decide: (now) => releaseLease(now, holder) }))
    } finally {
      returning.delete(key)
      onEnd()
    }
  }
  return {
    has: (key) => returning.has(key),
    giveBack: (key) => {
      returning.add(key)
      work.run(key, async () => await release(key))
    },
  }
}
