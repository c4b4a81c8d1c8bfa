import { JetStreamApiError, type StreamConfig, type StreamInfo } from '@nats-io/jetstream'
import { backoffMs, hasCode, systemClock, TerminalError } from '../../core/index.ts'
import { ask, isNotFound } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { type AskedStream, askedStreams, differences, GENERATION_KEY, neededBytes, TASKS } from './topology-streams.ts'

export interface TopologyOptions {
  readonly replicas: number
  /** The ledger's share of the store. */
  readonly ledgerMaxBytes: number
  readonly signal: AbortSignal
}

const NAME_IN_USE = 10_058
const NOT_CLUSTERED = 10_074
/** Together longer than an election of a cluster, which takes up to nine seconds. */
const TRIES = 8
const RETRY = { firstMs: 100, maxMs: 2000 }
/** Fixed when the stream was made: asking for another value only makes the broker refuse the update. */
const FIXED_FIELDS = ['name', 'storage'] as const

/**
 * Declares every stream and bucket; run twice, or by several at once, it changes nothing more. What the broker returns is
 * compared with what was asked, because older servers drop fields silently, and each difference is logged. Durables are
 * declared by `runDurable`, their only owner.
 * @throws TerminalError BROKER_UNSUITABLE when the account cannot hold it all, or the broker has no replicas;
 *   RetryableError BROKER_UNAVAILABLE
 */
export async function declareTopology(broker: Broker, options: TopologyOptions): Promise<void> {
  const { signal } = options
  await patiently(signal, () => checkAccount(broker, options))
  for (const asked of askedStreams(options)) {
    const returned = await patiently(signal, () => declareStream(broker, asked))
    reportDifferences(broker, { asked, returned })
  }
}

/** A cluster says nothing about a stream that is just being made, and has no place for one while members are missing. */
async function patiently<T>(signal: AbortSignal, declare: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted()
    try {
      return await declare()
    } catch (error) {
      if (tries === TRIES || !hasCode(error, 'BROKER_UNAVAILABLE')) throw error
      await systemClock.sleep(backoffMs(tries, RETRY), signal)
    }
  }
}

async function checkAccount(broker: Broker, options: TopologyOptions): Promise<void> {
  const { limits } = await ask(broker, 'asking for the limits of the account', () => broker.jsm.getAccountInfo())
  const needed = neededBytes(options)
  if (limits.max_storage < 0) {
    broker.logger.warn({ needed }, 'the broker account has no storage limit: the disk alone bounds it')
  } else if (limits.max_storage < needed) {
    throw new TerminalError(
      'BROKER_UNSUITABLE',
      `the broker account may store ${limits.max_storage} bytes, ${needed} are needed: raise its limit or lower LEDGER_MAX_BYTES`,
      { details: { limit: limits.max_storage, needed } },
    )
  }
}

async function declareStream(broker: Broker, asked: AskedStream): Promise<StreamConfig> {
  const doing = `declaring ${asked.name}`
  const existing = await ask(broker, doing, () => findStream(broker, asked.name))
  const complete = withMetadata(asked, existing)
  const info = existing ?? (await ask(broker, doing, () => addStream(broker, complete)))
  if (differences(withoutFixed(complete), info.config).length === 0) return info.config
  const updated = await ask(broker, doing, () => broker.jsm.streams.update(asked.name, withoutFixed(complete)))
  return updated.config
}

async function findStream(broker: Broker, name: string): Promise<StreamInfo | undefined> {
  try {
    return await broker.jsm.streams.info(name)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Somebody else may have just added it, in another version: theirs is taken, and updated after. */
async function addStream(broker: Broker, asked: AskedStream): Promise<StreamInfo> {
  try {
    // The client writes into what it is given.
    return await broker.jsm.streams.add({ ...asked })
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error
    if (error.code === NAME_IN_USE) return await broker.jsm.streams.info(asked.name)
    if (error.code !== NOT_CLUSTERED) throw error
    const message = `the broker is no cluster, so it cannot keep ${asked.num_replicas} replicas: set NATS_REPLICAS=1, or use one`
    throw new TerminalError('BROKER_UNSUITABLE', message, { cause: error })
  }
}

/** The generation is made once and then only raised, by a restore: what is there is kept. */
function withMetadata(asked: AskedStream, existing: StreamInfo | undefined): AskedStream {
  if (asked.name !== TASKS) return asked
  return { ...asked, metadata: { [GENERATION_KEY]: '1', ...existing?.config.metadata, ...asked.metadata } }
}

function withoutFixed(asked: AskedStream): AskedStream {
  const changing = Object.entries(asked).filter(([field]) => !FIXED_FIELDS.some((fixed) => fixed === field))
  return { ...Object.fromEntries(changing), name: asked.name }
}

function reportDifferences(
  { logger }: Broker,
  { asked, returned }: { readonly asked: AskedStream; readonly returned: StreamConfig },
): void {
  for (const { field, asked: wanted, returned: got } of differences(asked, returned)) {
    logger.error(
      { stream: asked.name, field, asked: wanted, returned: got ?? null },
      'the broker did not take a setting as asked',
    )
  }
}
