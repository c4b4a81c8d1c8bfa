import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { TerminalError } from '../core/index.ts'
import { type Broker, connectBroker, declareTopology } from '../nats/index.ts'
import type { brokerEnvironment } from './config.ts'
import type { Logger } from './logger.ts'

export type BrokerConfig = z.output<z.ZodObject<typeof brokerEnvironment>>

export interface OpenBrokerOptions {
  readonly config: BrokerConfig
  /** Of the service, as the broker shows it. */
  readonly name: string
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Connects a service to the broker of its configuration and declares streams and buckets, whoever comes first.
 * @throws what `connectBroker` and `declareTopology` throw; TerminalError CONFIG_INVALID for an unreadable password file
 */
export async function openBroker({ config, name, logger, signal }: OpenBrokerOptions): Promise<Broker> {
  const user = config.NATS_USER
  const password = await readPassword(config.NATS_PASSWORD_FILE)
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(
    await connectBroker({
      servers: config.NATS_URL,
      name,
      logger,
      signal,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
    }),
  )
  await declareTopology(broker, { replicas: config.NATS_REPLICAS, ledgerMaxBytes: config.LEDGER_MAX_BYTES, signal })
  stack.move()
  return broker
}

async function readPassword(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new TerminalError('CONFIG_INVALID', `cannot read NATS_PASSWORD_FILE=${file}`, { cause })
  }
}
