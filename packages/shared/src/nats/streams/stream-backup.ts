/**
 * Streams as records, and back. Message by message and not as the broker packs a stream: a pack of 2.15 is of no use to
 * 2.10, and one that is made while messages are stored lacks some of them (both were tried).
 */
import { headers, type MsgHdrs } from '@nats-io/nats-core'
import type { BackupRecord, Bucket } from '../../contracts/index.ts'
import { TerminalError } from '../../core/index.ts'
import { ask } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { fetchMessage } from '../dead-letters/dead-letter-reading.ts'
import { bucketStream, DEADLETTERS, LOGS, TASKS } from '../topology/topology-streams.ts'
import type { StoredMessage } from './event-reading.ts'
import { STORED_AT_HEADER, storedTime } from './stored-time.ts'
import { scanStream } from './stream-reader.ts'

export interface BackedUpStream {
  /** Of the stream, or of the bucket. */
  readonly name: string
  readonly stream: string
  /** Of a bucket only what is there now, which gets new revisions by a restore. */
  readonly latestOnly: boolean
  /** Other things name its messages by their sequences: these stay. */
  readonly keepsSequences: boolean
}

/** The ledger itself. */
export const LEDGER: BackedUpStream = wholeStream(TASKS)

/**
 * What a backup holds besides. All else is made again from the ledger, or is of no use to a later installation; log batches
 * go with the log archive.
 */
export const BESIDES_LEDGER: Readonly<Record<'deadLetters' | 'tokens' | 'deliveries' | 'logs', BackedUpStream>> = {
  deadLetters: wholeStream(DEADLETTERS),
  tokens: bucket('tokens'),
  deliveries: bucket('deliveries'),
  logs: { ...wholeStream(LOGS), keepsSequences: false },
}

function wholeStream(stream: string): BackedUpStream {
  return { name: stream, stream, latestOnly: false, keepsSequences: true }
}

function bucket(name: Bucket): BackedUpStream {
  return { name, stream: bucketStream(name), latestOnly: true, keepsSequences: false }
}

const AHEAD = 500
const FETCHED_AT_ONCE = 64
const OWN_HEADERS = /^(nats-|kv-)/i

export interface ExportOptions {
  readonly broker: Broker
  readonly from: BackedUpStream
  /** The last sequence that counts; all when left out. */
  readonly through?: number
  readonly signal: AbortSignal
}

/** Everything that was stored when it began, in its order. @throws RetryableError BROKER_UNAVAILABLE */
export async function* exportStream(options: ExportOptions): AsyncGenerator<BackupRecord> {
  const { broker, from, through, signal } = options
  if (from.latestOnly) return yield* exportLatest(options)
  for await (const message of scanStream({ broker, stream: from.stream, ahead: AHEAD }, { signal })) {
    if (through !== undefined && message.seq > through) return
    yield toRecord(message)
  }
}

/**
 * Key by key, each as its leader has it: a consumer of the last of each subject passes over what is written meanwhile,
 * because that is no longer where it was.
 */
async function* exportLatest({ broker, from: { name, stream }, signal }: ExportOptions): AsyncGenerator<BackupRecord> {
  const { state } = await ask(broker, `listing ${name}`, () =>
    broker.jsm.streams.info(stream, { subjects_filter: '>' }),
  )
  const subjects = Object.keys(state.subjects ?? {})
  for (let i = 0; i < subjects.length; i += FETCHED_AT_ONCE) {
    signal.throwIfAborted()
    const some = subjects.slice(i, i + FETCHED_AT_ONCE)
    const found = await Promise.all(some.map((subject) => fetchMessage(broker, stream, { last_by_subj: subject })))
    // Without content it is what is left of a document that was removed.
    for (const message of found) if (message !== undefined && message.data.length > 0) yield toRecord(message)
  }
}

function toRecord(message: StoredMessage): BackupRecord {
  const { seq, subject, data } = message
  const stored = message.headers ?? message.header
  const kept = (stored?.keys() ?? []).filter((name) => !OWN_HEADERS.test(name) && name !== STORED_AT_HEADER)
  const named = Object.fromEntries(kept.map((name) => [name, stored?.values(name) ?? []]))
  return {
    seq,
    time: storedTime(message).toISOString(),
    subject,
    ...(kept.length > 0 && { headers: named }),
    ...content(data),
  }
}

function content(data: Uint8Array): Pick<BackupRecord, 'text' | 'base64'> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? { text } : { base64: bytes.toString('base64') }
}

export interface ImportOptions {
  readonly broker: Broker
  readonly into: BackedUpStream
  readonly records: AsyncIterable<BackupRecord>
  readonly onProgress: (messages: number) => void
  readonly signal: AbortSignal
}

const BATCH_MESSAGES = 500
const BATCH_BYTES = 4 * 1024 * 1024
const PUBLISH_TIMEOUT_MS = 60_000

/**
 * Into an empty stream that nobody else writes to. Where sequences are kept, each message is only taken as the very one
 * that it was.
 * @returns how many. @throws RetryableError BROKER_UNAVAILABLE; TerminalError INPUT_INVALID when records are out of order
 */
export async function importStream({ broker, into, records, onProgress, signal }: ImportOptions): Promise<number> {
  await using batch = createBatch(broker, into)
  let count = 0
  for await (const record of records) {
    signal.throwIfAborted()
    if (into.keepsSequences) await batch.goTo(record.seq)
    await batch.add(record)
    count += 1
    if (count % BATCH_MESSAGES === 0) onProgress(count)
  }
  await batch.complete()
  onProgress(count)
  return count
}

interface Batch extends AsyncDisposable {
  /** The next message gets this sequence. */
  goTo(seq: number): Promise<void>
  add(record: BackupRecord): Promise<void>
  complete(): Promise<void>
}

/** Many publishes at once, in their order; memory holds one batch. */
function createBatch(broker: Broker, into: BackedUpStream): Batch {
  let pending: Promise<unknown>[] = []
  let bytes = 0
  let next = 1
  const gaps: number[] = []
  const settle = async (): Promise<void> => {
    const settling = pending
    ;[pending, bytes] = [[], 0]
    await ask(broker, `storing messages of ${into.name}`, () => Promise.all(settling))
  }
  const add = async (record: BackupRecord): Promise<void> => {
    const data = contentOf(record)
    const publishing = publish(broker, into, { record, data, seq: next })
    // The batch is waited for later, and all of it has one cause when it fails.
    publishing.catch(() => undefined)
    pending.push(publishing)
    next += 1
    bytes += data.length
    if (pending.length >= BATCH_MESSAGES || bytes >= BATCH_BYTES) await settle()
  }
  return {
    add,
    complete: async () => {
      await settle()
      // The ledger forgets nothing, and is read by type.
      for (const seq of into.stream === TASKS ? [] : gaps)
        await ask(broker, `numbering ${into.name}`, () => broker.jsm.streams.deleteMessage(into.stream, seq))
    },
    goTo: async (seq) => {
      if (seq < next) throw new TerminalError('INPUT_INVALID', `message ${seq} of ${into.name} is out of its order`)
      if (next === 1 && seq > 1 && into.stream !== TASKS) {
        await ask(broker, `numbering ${into.name}`, () => broker.jsm.streams.purge(into.stream, { seq }))
        next = seq
      }
      const missing = Array.from({ length: seq - next }, (_none, i) => next + i)
      for (const gap of missing) {
        gaps.push(gap)
        await add(fillerOf(into))
      }
    },
    [Symbol.asyncDispose]: async () => void (await Promise.allSettled(pending)),
  }
}

/** In the place of a message that is no more, so that those after it keep their numbers: of a type that nobody reads. */
function fillerOf({ stream }: BackedUpStream): BackupRecord {
  const subject = stream === TASKS ? 'workspace.-' : 'deadletter.-'
  return { seq: 1, time: new Date(0).toISOString(), subject, text: '{"type":"backup.gap"}' }
}

function contentOf({ text, base64 }: BackupRecord): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)
}

interface Sending {
  readonly record: BackupRecord
  readonly data: Buffer
  readonly seq: number
}

async function publish(broker: Broker, { stream, keepsSequences }: BackedUpStream, sending: Sending): Promise<void> {
  const { record, data, seq } = sending
  const expect = { streamName: stream, ...(keepsSequences && { lastSequence: seq - 1 }) }
  await broker.js.publish(record.subject, data, { headers: headersOf(record), expect, timeout: PUBLISH_TIMEOUT_MS })
}

function headersOf({ time, headers: kept = {} }: BackupRecord): MsgHdrs {
  const carrier = headers()
  for (const [name, values] of Object.entries(kept)) for (const value of values) carrier.append(name, value)
  carrier.set(STORED_AT_HEADER, time)
  return carrier
}
