import { join } from 'node:path'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import {
  type Broker,
  type BrokerLog,
  connectBroker,
  type EmbeddedBroker,
  findEmbeddedBroker,
  startEmbeddedBroker,
} from '@orchestrator/shared/nats'
import { acquireExclusiveLock } from '@orchestrator/shared/process'
import { UP_LOCK } from '../up/state-directory.ts'
import { exists } from './files.ts'

export interface OpenInstallation {
  /** Absolute. */
  readonly stateDirectory: string
  readonly brokerBinary: string
  readonly logger: BrokerLog
  readonly signal: AbortSignal
}

/**
 * The broker of an installation: the one that runs, which is left running, else it is started for as long as it is needed.
 * @throws TerminalError INPUT_INVALID where there is no installation; RetryableError BROKER_UNAVAILABLE
 */
export async function openInstallationBroker(options: OpenInstallation, stack: AsyncDisposableStack): Promise<Broker> {
  const { stateDirectory, brokerBinary, logger, signal } = options
  const directory = join(stateDirectory, 'broker')
  if (!(await exists(directory))) throw noInstallation(stateDirectory)
  const lock = acquireExclusiveLock(join(stateDirectory, UP_LOCK))
  if (lock !== undefined) stack.use(lock)
  // While an "up" runs, its broker is its own business: it is never started, and never stopped, from here.
  const broker =
    lock === undefined
      ? await findEmbeddedBroker({ directory, logger, signal })
      : stack.use(await startEmbeddedBroker({ directory, binary: brokerBinary, logger, signal }))
  if (broker === undefined)
    throw new RetryableError(
      'BROKER_UNAVAILABLE',
      `"up" runs on ${stateDirectory}, and its broker does not answer: try again`,
    )
  return stack.use(await connectAs('backup', broker, { logger, signal }))
}

type Where = Pick<EmbeddedBroker, 'url' | 'user' | 'password'>

export async function connectAs(
  name: string,
  { url, user, password }: Where,
  { logger, signal }: Pick<OpenInstallation, 'logger' | 'signal'>,
): Promise<Broker> {
  return await connectBroker({ servers: [url], name, user, password, logger, signal })
}

function noInstallation(stateDirectory: string): TerminalError {
  return new TerminalError(
    'INPUT_INVALID',
    `${stateDirectory} holds no ledger: name the state directory of an "up" with --state-dir or ORCHESTRATOR_STATE_DIR`,
  )
}
