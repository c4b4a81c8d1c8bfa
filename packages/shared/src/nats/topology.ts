import { JetStreamApiError, type StreamConfig, type StreamInfo } from '@nats-io/jetstream'
import { TerminalError } from '../core/index.ts'
import { ask, isNotFound } from './broker-errors.ts'
import type { Broker } from './connection.ts'
import { type AskedStream, askedStreams, differences, GENERATION_KEY, neededBytes, TASKS } from './topology-streams.ts'

export interface TopologyOptions {
  readonly replicas: number
  /** The ledger's share of the store. */
  readonly ledgerMaxBytes: number
  readonly signal: AbortSignal
}

const NAME_IN_USE = 10_058
/** Fixed when the stream was made: asking for another value only makes the broker refuse the update. */
const FIXED_FIELDS = ['name', 'storage'] as const

/**
 * Declares every stream and bucket; run twice, or by several at once, it changes nothing more. What the broker returns is
 * compared with what was asked, because older servers drop fields silently, and each difference is logged. Durables are
 * declared by `runDurable`, their only owner.
 * @throws TerminalError BROKER_UNSUITABLE when the account cannot hold it all; RetryableError BROKER_UNAVAILABLE
 */
export async function declareTopology(broker: Broker, options: TopologyOptions): Promise<void> {
  await checkAccount(broker, options)
  for (const asked of askedStreams(options)) {
    options.signal.throwIfAborted()
    const returned = await declareStream(broker, asked)
    reportDifferences(broker, { asked, returned })
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
    if (error instanceof JetStreamApiError && error.code === NAME_IN_USE)
      return await broker.jsm.streams.info(asked.name)
    throw error
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
