/** What channels have told, as it was when the ledger ended at a sequence. Pure. */
import type { BackupRecord } from '@orchestrator/shared/contracts'
import { z } from 'zod'

/** Deliveries of tasks, and from when on a channel tells: one bucket. */
const Delivery = z.looseObject({
  dirty: z.exactOptional(z.int()),
  sent: z.exactOptional(z.int()),
  again: z.exactOptional(z.array(z.looseObject({ sequence: z.int() }))),
  since: z.exactOptional(z.int()),
  holder: z.exactOptional(z.string()),
})

/**
 * Later events are not in the backup, and others will have their numbers: those must not count as told. Nobody tells any
 * more who did.
 */
export function deliveryAsOf({ text, ...record }: BackupRecord, lastSequence: number): BackupRecord {
  const document = Delivery.parse(JSON.parse(text ?? '{}'))
  const { dirty, sent, again, since, holder } = document
  const known = again?.filter(({ sequence }) => sequence <= lastSequence)
  const asOf = {
    ...document,
    ...(dirty !== undefined && { dirty: Math.min(dirty, lastSequence) }),
    ...(sent !== undefined && { sent: Math.min(sent, lastSequence) }),
    ...(known !== undefined && { again: known }),
    ...(since !== undefined && { since: Math.min(since, lastSequence + 1) }),
    ...(holder !== undefined && { holder: '' }),
  }
  return { ...record, text: JSON.stringify(asOf) }
}
