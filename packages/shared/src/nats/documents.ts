import type { JsMsg } from '@nats-io/jetstream'
import { type KV, type KvEntry, Kvm } from '@nats-io/kv'
import type { z } from 'zod'
import type { Bucket } from '../contracts/index.ts'
import { hasCode, RetryableError } from '../core/index.ts'
import { ask, brokerFault } from './broker-errors.ts'
import type { Broker } from './connection.ts'
import { decodeDocument } from './document-codec.ts'
import type { DocumentEntry, Documents } from './ports.ts'
import { followStream, scanStream } from './stream-reader.ts'
import { bucketStream } from './topology-streams.ts'

const AHEAD = 500

type Change<T> = { readonly key: string; readonly value: T | undefined; readonly revision: number }

/** Reads go to the stream's leader: the bucket is opened without direct reads, which a follower might answer. */
export async function openDocuments<T>(broker: Broker, bucket: Bucket, schema: z.ZodType<T>): Promise<Documents<T>> {
  const kv = await ask(broker, `opening ${bucket}`, () => new Kvm(broker.js).open(bucket))
  return new Bucketed({ broker, bucket, schema, kv })
}

interface Opened<T> {
  readonly broker: Broker
  readonly bucket: Bucket
  readonly schema: z.ZodType<T>
  readonly kv: KV
}

class Bucketed<T> implements Documents<T> {
  readonly #opened: Opened<T>

  constructor(opened: Opened<T>) {
    this.#opened = opened
  }

  async get(key: string): Promise<DocumentEntry<T> | undefined> {
    const { broker, bucket, kv, schema } = this.#opened
    const entry = await ask(broker, `reading ${bucket}/${key}`, () => kv.get(key))
    if (entry === null || entry.operation !== 'PUT') return undefined
    return { key, value: decodeDocument(schema, { bucket, key, text: textOf(entry) }), revision: entry.revision }
  }

  create(key: string, value: T): Promise<number> {
    return this.#write(key, (kv) => kv.create(key, JSON.stringify(value)))
  }

  update(key: string, value: T, revision: number): Promise<number> {
    return this.#write(key, (kv) => kv.update(key, JSON.stringify(value), revision))
  }

  async remove(key: string, revision: number): Promise<void> {
    await this.#write(key, (kv) => kv.delete(key, { previousSeq: revision }))
  }

  async #write<R>(key: string, write: (kv: KV) => Promise<R>): Promise<R> {
    const { broker, bucket, kv } = this.#opened
    return ask(broker, `writing ${bucket}/${key}`, async () => {
      try {
        return await write(kv)
      } catch (error) {
        if (brokerFault(error) !== 'conflict') throw error
        throw new RetryableError('DOCUMENT_CONFLICT', `${bucket}/${key} has changed`, { cause: error })
      }
    })
  }

  async list(filter = '>'): Promise<readonly DocumentEntry<T>[]> {
    const { broker, bucket } = this.#opened
    const source = { broker, stream: bucketStream(bucket), ahead: AHEAD }
    const options = {
      subjects: [`$KV.${bucket}.${filter}`],
      lastPerSubject: true,
      signal: new AbortController().signal,
    }
    const found = new Map<string, DocumentEntry<T>>()
    for await (const message of scanStream(source, options)) {
      const change = this.#read(message)
      if (change === undefined) continue
      const { key, value, revision } = change
      if (value === undefined) found.delete(key)
      else found.set(key, { key, value, revision })
    }
    return [...found.values()]
  }

  async *watch(signal: AbortSignal, filter = '>'): AsyncGenerator<Change<T>> {
    const { broker, bucket } = this.#opened
    const source = { broker, stream: bucketStream(bucket), ahead: AHEAD }
    for await (const message of followStream(source, {
      subjects: [`$KV.${bucket}.${filter}`],
      lastPerSubject: true,
      signal,
    })) {
      const change = this.#read(message)
      if (change !== undefined) yield change
    }
  }

  /** Undefined for a document of a newer release: left to newer code, and not in the way of the others. */
  #read(message: JsMsg): Change<T> | undefined {
    const { broker, bucket, schema } = this.#opened
    const key = message.subject.slice(`$KV.${bucket}.`.length)
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
}

function textOf(entry: KvEntry): string {
  return entry.string()
}

function isRemoval(message: JsMsg): boolean {
  const operation = message.headers?.get('KV-Operation') ?? ''
  return operation === 'DEL' || operation === 'PURGE'
}
