import type { LedgerEvent } from '../contracts/index.ts'

/**
 * The events that this process has just published, for when it follows them: known by their bytes, they need not be
 * parsed and checked again, which takes 0.06 ms of processor time each.
 */
export interface OwnEvents {
  remember(subject: string, bytes: Buffer, event: LedgerEvent): void
  /** Once: the event that was published on the subject with exactly these bytes. */
  recall(subject: string, bytes: Uint8Array): LedgerEvent | undefined
}

interface Own {
  readonly bytes: Buffer
  readonly event: LedgerEvent
}

/** The oldest are forgotten: they were refused, or nobody follows. */
const MAX = 512

export function createOwnEvents(): OwnEvents {
  const own = new Map<string, Own>()
  return {
    remember: (subject, bytes, event) => {
      own.delete(subject)
      own.set(subject, { bytes, event })
      if (own.size <= MAX) return
      const [oldest = ''] = own.keys()
      own.delete(oldest)
    },
    recall: (subject, bytes) => {
      const found = own.get(subject)
      if (found === undefined || !found.bytes.equals(bytes)) return undefined
      own.delete(subject)
      return found.event
    },
  }
}
