import type { JsMsg, StoredMsg } from '@nats-io/jetstream'
import { type KV, type KvEntry, Kvm } from '@nats-io/kv'
import type { z } from 'zod'
import type { Bucket } from '../../contracts/index.ts'
import { type ErrorCode, hasCode, RetryableError, TerminalError } from '../../core/index.ts'
import { ask, brokerFault } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { createOwnMessages } from '../connection/own-messages.ts'
import type { DocumentEntry, RepairableDocuments, UnreadableDocument } from '../ports.ts'
import { followStream, lastSequence, scanStream } from '../streams/stream-reader.ts'
import { bucketStream } from '../topology/topology-streams.ts'
import { decodeDocument } from './document-codec.ts'

const AHEAD = 500

/** However it was fetched: by a consumer, or alone. */
type StoredDocument = JsMsg | StoredMsg

type Change<T> = { readonly key: string; readonly value: T | undefined; readonly revision: number }

/** Reads go to the stream's leader: the bucket is opened without direct reads, which a follower might answer. */
export async function openDocuments<T>(
  broker: Broker,
  bucket: Bucket,
  schema: z.ZodType<T>,
): Promise<RepairableDocuments<T>> {
  const kv = await ask(broker, `opening ${bucket}`, () => new Kvm(broker.js).open(bucket))
  return new Bucketed({ broker, bucket, schema, kv })
}

interface Opened<T> {
  readonly broker: Broker
  readonly bucket: Bucket
  readonly schema: z.ZodType<T>
  readonly kv: KV
}

class Bucketed<T> implements RepairableDocuments<T> {
  readonly #opened: Opened<T>
  readonly #own = createOwnMessages<T>()
  /** How many watch: without any, nothing of one's own needs to be known again. */
  #watching = 0

  constructor(opened: Opened<T>) {
    this.#opened = opened
  }

  async get(key: string): Promise<DocumentEntry<T> | undefined> {
    const { broker, bucket, kv, schema } = this.#opened
    const entry = await ask(broker, `reading ${bucket}/${key}`, () => kv.get(key))
    if (entry === null || entry.operation !== 'PUT') return undefined
    return { key, value: decodeDocument(schema, { bucket, key, text: textOf(entry) }), revision: entry.revision }
  }

  async create(key: string, value: T): Promise<number> {
    try {
      return await this.#put(key, value, 0)
    } catch (error) {
      const removed = hasCode(error, 'DOCUMENT_CONFLICT') ? await this.#removal(key) : undefined
      if (removed === undefined) throw error
      return await this.#put(key, value, removed)
    }
  }

  async update(key: string, value: T, revision: number): Promise<number> {
    return await this.#put(key, value, revision)
  }

  async remove(key: string, revision: number): Promise<void> {
    const { broker, bucket, kv } = this.#opened
    const removing = ask(broker, `writing ${bucket}/${key}`, () => kv.delete(key, { previousSeq: revision }))
    await removing.catch((error: unknown) => this.#refused(key, error))
  }

  /** Not by the bucket's client: the publisher takes a third of the processor time for it. */
  async #put(key: string, value: T, expectedSeq: number): Promise<number> {
    const { broker, bucket } = this.#opened
    if (!isKey(key)) throw new TerminalError('INPUT_INVALID', `${bucket}/${key} is no key of a document`)
    const data = Buffer.from(JSON.stringify(value))
    if (this.#watching > 0) this.#own.remember(key, data, value)
    const message = { subject: `$KV.${bucket}.${key}`, data, stream: bucketStream(bucket), expectedSeq }
    try {
      return (await broker.publish(message)).seq
    } catch (error) {
      return this.#refused(key, error)
    }
  }

  #refused(key: string, error: unknown): never {
    if (brokerFault(error) !== 'conflict') throw error
    const where = `${this.#opened.bucket}/${key}`
    throw new RetryableError('DOCUMENT_CONFLICT', `${where} has changed`, { cause: error })
  }

  /** The revision at which a document was removed; `undefined` when it is there. */
  async #removal(key: string): Promise<number | undefined> {
    const { broker, bucket, kv } = this.#opened
    const entry = await ask(broker, `reading ${bucket}/${key}`, () => kv.get(key))
    return entry === null || entry.operation === 'PUT' ? undefined : entry.revision
  }

  async list(filter = '>'): Promise<readonly DocumentEntry<T>[]> {
    const { broker, bucket } = this.#opened
    const source = { broker, stream: bucketStream(bucket), ahead: AHEAD }
    const subject = `$KV.${bucket}.${filter}`
    const options = { subjects: [subject], lastPerSubject: true, signal: new AbortController().signal }
    const found = new Map<string, Change<T> | undefined>()
    let newest = 0
    for await (const message of scanStream(source, options)) {
      newest = message.seq
      found.set(this.#keyOf(message), this.#read(message))
    }
    for (const key of await this.#moved(subject, { newest, found })) found.set(key, await this.#readLast(key))
    return [...found.values()].flatMap((change) => (isPresent(change) ? [change] : []))
  }

  /** Keys that a scan has not met: a document that is written while it is on its way to us is gone from there. */
  async #moved(
    subject: string,
    { newest, found }: { readonly newest: number; readonly found: ReadonlyMap<string, unknown> },
  ): Promise<readonly string[]> {
    const { broker, bucket } = this.#opened
    const stream = bucketStream(bucket)
    const doing = `listing ${bucket}`
    const last = await ask(broker, doing, () => broker.jsm.streams.getMessage(stream, { last_by_subj: subject }))
    if ((last?.seq ?? 0) <= newest) return []
    const { state } = await ask(broker, doing, () => broker.jsm.streams.info(stream, { subjects_filter: subject }))
    const keys = Object.keys(state.subjects ?? {}).map((held) => held.slice(`$KV.${bucket}.`.length))
    return keys.filter((key) => !found.has(key))
  }

  async #readLast(key: string): Promise<Change<T> | undefined> {
    const { broker, bucket } = this.#opened
    const query = { last_by_subj: `$KV.${bucket}.${key}` }
    const message = await ask(broker, `reading ${bucket}/${key}`, () =>
      broker.jsm.streams.getMessage(bucketStream(bucket), query),
    )
    return message === null ? undefined : this.#read(message)
  }

  async unreadable(): Promise<readonly UnreadableDocument[]> {
    const { broker, bucket } = this.#opened
    const source = { broker, stream: bucketStream(bucket), ahead: AHEAD }
    const options = { subjects: [`$KV.${bucket}.>`], lastPerSubject: true, signal: new AbortController().signal }
    const found: UnreadableDocument[] = []
    for await (const message of scanStream(source, options)) {
      const problem = isRemoval(message) ? undefined : this.#problem(message)
      if (problem !== undefined)
        found.push({ key: this.#keyOf(message), revision: message.seq, newer: problem === 'EVENT_TOO_NEW' })
    }
    return found
  }

  async lastRevision(): Promise<number> {
    const { broker, bucket } = this.#opened
    return await lastSequence(broker, bucketStream(bucket))
  }

  #problem(message: StoredDocument): ErrorCode | undefined {
    const { bucket, schema } = this.#opened
    try {
      decodeDocument(schema, { bucket, key: this.#keyOf(message), text: message.string() })
      return undefined
    } catch (error) {
      if (!hasCode(error, 'EVENT_TOO_NEW') && !hasCode(error, 'EVENT_UNREADABLE')) throw error
      return error.code
    }
  }

  async *watch(signal: AbortSignal, filter = '>'): AsyncGenerator<Change<T>> {
    const { broker, bucket } = this.#opened
    const source = { broker, stream: bucketStream(bucket), ahead: AHEAD }
    const options = { subjects: [`$KV.${bucket}.${filter}`], lastPerSubject: true, signal }
    this.#watching += 1
    try {
      for await (const message of followStream(source, options)) {
        const change = this.#readOwn(message) ?? this.#read(message)
        if (change !== undefined) yield change
      }
    } finally {
      this.#watching -= 1
    }
  }

  #readOwn(message: JsMsg): Change<T> | undefined {
    const key = this.#keyOf(message)
    const value = this.#own.recall(key, message.data)
    return value === undefined ? undefined : { key, value, revision: message.seq }
  }

  /** Undefined for a document of a newer release: left to newer code, and not in the way of the others. */
  #read(message: StoredDocument): Change<T> | undefined {
    const { broker, bucket, schema } = this.#opened
    const key = this.#keyOf(message)
    if (isRemoval(message)) return { key, value: undefined, revision: message.seq }
    try {
      const value = decodeDocument(schema, { bucket, key, text: message.string() })
      return { key, value, revision: message.seq }
    } catch (error) {
      if (!hasCode(error, 'EVENT_TOO_NEW') && !hasCode(error, 'EVENT_UNREADABLE')) throw error
      broker.logger.warn({ bucket, key, code: error.code }, 'a document is passed over')
      return undefined
    }
  }

  #keyOf({ subject }: Pick<StoredDocument, 'subject'>): string {
    return subject.slice(`$KV.${this.#opened.bucket}.`.length)
  }
}

/** What the bucket's client accepts too: nothing that a subject reads as a wildcard. */
function isKey(key: string): boolean {
  return /^[-/=\w]+(\.[-/=\w]+)*$/.test(key)
}

function isPresent<T>(change: Change<T> | undefined): change is DocumentEntry<T> {
  return change?.value !== undefined
}

function textOf(entry: KvEntry): string {
  return entry.string()
}

function isRemoval(message: StoredDocument): boolean {
  const headers = 'header' in message ? message.header : message.headers
  const operation = headers?.get('KV-Operation') ?? ''
  return operation === 'DEL' || operation === 'PURGE'
}
