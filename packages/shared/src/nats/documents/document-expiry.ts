import type { z } from 'zod'
import type { Bucket } from '../../contracts/index.ts'
import { hasCode } from '../../core/index.ts'
import { ask } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { scanStream } from '../streams/stream-reader.ts'
import { bucketStream } from '../topology/topology-streams.ts'
import { decodeDocument } from './document-codec.ts'

export interface DocumentExpiry<T> {
  readonly bucket: Bucket
  readonly schema: z.ZodType<T>
  /** Which keys: a NATS filter such as `*.*`. */
  readonly filter: string
  /** Since it was written last, by the broker's own clock. */
  readonly maxAgeMs: number
  /** Asked of each that is old enough. One that cannot be read stays. */
  readonly mayGo: (value: T) => boolean
  readonly signal: AbortSignal
}

const AHEAD = 500

/**
 * Lets go of documents that nobody has written for long, as if they had never been. One that is written meanwhile stays:
 * only the revision that was judged goes. Any number may do it at once.
 * @returns how many went. @throws RetryableError BROKER_UNAVAILABLE
 */
export async function expireDocuments<T>(broker: Broker, expiry: DocumentExpiry<T>): Promise<number> {
  const { bucket, filter, maxAgeMs, signal } = expiry
  const stream = bucketStream(bucket)
  const { state } = await ask(broker, `looking at ${bucket}`, () => broker.jsm.streams.info(stream))
  const before = new Date(state.last_ts).getTime() - maxAgeMs
  const options = { subjects: [`$KV.${bucket}.${filter}`], lastPerSubject: true, signal }
  let count = 0
  for await (const message of scanStream({ broker, stream, ahead: AHEAD }, options)) {
    if (message.time.getTime() >= before || !mayGo(expiry, message.subject, message.string())) continue
    // Whatever is there by now with a higher sequence is another document.
    const purge = { filter: message.subject, seq: message.seq + 1 }
    const { purged } = await ask(broker, `clearing ${bucket}`, () => broker.jsm.streams.purge(stream, purge))
    count += purged
  }
  return count
}

function mayGo<T>({ bucket, schema, mayGo: judge }: DocumentExpiry<T>, subject: string, text: string): boolean {
  const key = subject.slice(`$KV.${bucket}.`.length)
  // What is left of a document that was removed.
  if (text === '') return true
  try {
    return judge(decodeDocument(schema, { bucket, key, text }))
  } catch (error) {
    if (hasCode(error, 'EVENT_TOO_NEW') || hasCode(error, 'EVENT_UNREADABLE')) return false
    throw error
  }
}
