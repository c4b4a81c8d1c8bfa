import type { LogBatch } from '@orchestrator/shared/contracts'
import type { LogPublished } from '@orchestrator/shared/nats'

/** More is read back from the stream: thousands of attempts may be watched at once. */
const MAX_BYTES = 8 * 1024

/** What a log's subject holds, where all of it came from here: a small log goes to the archive without being read back. */
export interface LogCopy {
  /** All that is on the subject, closing batch included; `undefined`: not known, or too much to be remembered. */
  readonly whole: readonly LogBatch[] | undefined
  published(batch: LogBatch, expectedSeq: number, answer: LogPublished): void
}

export function createLogCopy(): LogCopy {
  let batches: LogBatch[] | undefined
  let bytes = 0
  return {
    get whole() {
      return batches?.at(-1)?.head.closing === undefined ? undefined : batches
    },
    published: (batch, expectedSeq, { kind }) => {
      if (expectedSeq === 0) [batches, bytes] = [[], 0]
      batches?.push(batch)
      bytes += batch.lines.reduce((sum, line) => sum + line.length, 0)
      if (kind === 'refused' || bytes > MAX_BYTES) batches = undefined
    },
  }
}
