import { decodeLogBatch, encodeLogBatch, type LogBatch } from '../../contracts/index.ts'
import { describeError } from '../../core/index.ts'
import { ask, brokerFault } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import type { LogPublished, LogReadOptions, Logs } from '../ports.ts'
import { LOGS } from '../topology/topology-streams.ts'
import { followStream, scanStream } from './stream-reader.ts'

/** Batches are large: a few ahead of the reader are enough. */
const AHEAD = 16
const READ_SINGLY = 4

export function createLogs(broker: Broker): Logs {
  return {
    publish: (subject, batch, expectedSeq) => publish(broker, { subject, batch, expectedSeq }),
    last: async (subject, signal) => {
      signal.throwIfAborted()
      const found = await lastBatch(broker, subject)
      return found?.batch === undefined ? undefined : { seq: found.seq, batch: found.batch }
    },
    read: (options) => readBatches(broker, options),
  }
}

interface LogPublish {
  readonly subject: string
  readonly batch: LogBatch
  readonly expectedSeq: number
}

async function publish(broker: Broker, { subject, batch, expectedSeq }: LogPublish): Promise<LogPublished> {
  try {
    const { seq } = await broker.publish({ subject, data: encodeLogBatch(batch), stream: LOGS, expectedSeq })
    return { kind: 'stored', seq }
  } catch (error) {
    if (brokerFault(error) !== 'conflict') throw error
  }
  const last = await lastBatch(broker, subject)
  return { kind: 'refused', seq: last?.seq ?? 0, batch: last?.batch }
}

interface FoundBatch {
  readonly seq: number
  /** Undefined when what is there is no batch. */
  readonly batch: LogBatch | undefined
}

/** By the stream's leader. */
async function lastBatch(broker: Broker, subject: string): Promise<FoundBatch | undefined> {
  const query = { last_by_subj: subject }
  const message = await ask(broker, `reading ${subject}`, () => broker.jsm.streams.getMessage(LOGS, query))
  return message === null ? undefined : { seq: message.seq, batch: decode(broker, message) }
}

interface StoredBytes {
  readonly seq: number
  readonly subject: string
  readonly data: Uint8Array
}

function decode(broker: Broker, { seq, subject, data }: StoredBytes): LogBatch | undefined {
  try {
    return decodeLogBatch(new TextDecoder().decode(data))
  } catch (error) {
    broker.logger.error({ seq, subject, error: describeError(error) }, 'a stored log batch cannot be read')
    return undefined
  }
}

async function* readBatches(
  broker: Broker,
  { subject, fromLine, follow, signal }: LogReadOptions,
): AsyncGenerator<LogBatch> {
  let next = fromLine
  for await (const message of follow ? followLog(broker, subject, signal) : storedBatches(broker, subject, signal)) {
    const batch = decode(broker, message)
    if (batch === undefined) continue
    if (lastLine(batch) >= next || batch.head.closing !== undefined) yield batch
    if (batch.head.closing !== undefined) return
    next = Math.max(next, lastLine(batch) + 1)
  }
}

function followLog(broker: Broker, subject: string, signal: AbortSignal): AsyncIterable<StoredBytes> {
  return followStream({ broker, stream: LOGS, ahead: AHEAD }, { subjects: [subject], signal, rewind: true })
}

/** The first ones one by one: most logs are short, and a consumer of its own costs the broker more than a few reads. */
async function* storedBatches(broker: Broker, subject: string, signal: AbortSignal): AsyncGenerator<StoredBytes> {
  let next = 1
  for (let read = 0; read < READ_SINGLY; read += 1) {
    signal.throwIfAborted()
    const query = { seq: next, next_by_subj: subject }
    const message = await ask(broker, `reading ${subject}`, () => broker.jsm.streams.getMessage(LOGS, query))
    if (message === null) return
    next = message.seq + 1
    yield message
  }
  yield* scanStream({ broker, stream: LOGS, ahead: AHEAD }, { subjects: [subject], fromSeq: next, signal })
}

/** The last line that the batch tells of: also one that it only counts as lost. */
function lastLine({ head }: LogBatch): number {
  return Math.max(head.last, ...head.gaps.map(({ last }) => last))
}
