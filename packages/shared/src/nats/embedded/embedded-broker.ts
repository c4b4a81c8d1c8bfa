import { hasCode, isAbort, RetryableError, systemClock, TerminalError } from '../../core/index.ts'
import { type BrokerLog, connectBroker } from '../connection/connection.ts'
import { DEFAULT_LEDGER_MAX_BYTES } from '../topology/topology-streams.ts'
import { readWriteProblem } from './broker-health.ts'
import { accountBytes, type Credentials, renderBrokerConfig, serverName } from './embedded-config.ts'
import {
  type BrokerDirectory,
  checkDisk,
  freeBytes,
  loadCredentials,
  openBrokerDirectory,
  type PortsFile,
  readLogTail,
  readPortsFiles,
  removePortsFilesOf,
  writeConfig,
} from './embedded-files.ts'
import {
  checkBinary,
  hasFlock,
  isBrokerOf,
  isHeldByStranger,
  lockHolder,
  lockIsHeld,
  spawnBroker,
  type StartedProcess,
  stopBroker,
  untilGone,
} from './embedded-process.ts'

export interface EmbeddedBrokerOptions {
  /** Holds the store, the credentials, the log and the lock of this broker. */
  readonly directory: string
  /** Path of nats-server. */
  readonly binary: string
  /** The ledger's share of the store; 1 GiB when left out. */
  readonly ledgerMaxBytes?: number
  /** Listens there instead of on a free port: for a restart under clients that reconnect. The disk is not judged again. */
  readonly port?: number
  /** False: writes are not synced one by one, for a store that is thrown away unless it is completed and then synced. */
  readonly synced?: boolean
  readonly logger: BrokerLog
  readonly signal: AbortSignal
}

/** A broker of this machine's own. Disposing stops it and waits until it is gone, also when it was adopted. */
export interface EmbeddedBroker extends AsyncDisposable {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly pid: number
  /** True when it was already running. */
  readonly adopted: boolean
  /** Fulfils when its process has ended, however it ended. */
  readonly exited: Promise<void>
  /**
   * Why it takes no more writes, as after its disk was full: then only another start helps. `undefined` when it takes
   * them, or does not say.
   */
  writeProblem(signal: AbortSignal): Promise<string | undefined>
  /** Free bytes where it stores. */
  freeBytes(): Promise<number>
}

const START_LIMIT_MS = 30_000
const ADOPT_LIMIT_MS = 10_000
const POLL_MS = 10
const WATCH_MS = 500

/**
 * Starts the broker of a directory, or adopts the one that runs there already. It outlives a crash of its starter.
 * @throws TerminalError BROKER_DIRECTORY_IN_USE naming the process that holds the directory and does not answer as ours;
 *   CONFIG_INVALID when the disk has no room for a broker that is to be started; BROKER_UNSUITABLE for a binary that is too old, SET_UP_INCOMPLETE for none;
 *   RetryableError BROKER_UNAVAILABLE when it ends at once
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  return startUnder(options, { flock: await hasFlock() })
}

/** Without flock(1) what the running broker has written about itself is checked instead; that leaves a gap of milliseconds. */
export async function startUnder(
  options: EmbeddedBrokerOptions,
  { flock }: { readonly flock: boolean },
): Promise<EmbeddedBroker> {
  await checkBinary(options.binary)
  const directory = await openBrokerDirectory(options.directory)
  const credentials = await loadCredentials(directory)
  const limit = AbortSignal.any([options.signal, AbortSignal.timeout(ADOPT_LIMIT_MS)])
  for (;;) {
    options.signal.throwIfAborted()
    // One that runs is not started over: not even a full disk is in the way of adopting it.
    const running = await findRunning(directory)
    const started = running === undefined ? await tryStart(options, { directory, credentials, flock }) : undefined
    if (started !== undefined) return handle(directory, { ...credentials, ...started, adopted: false })
    // The lock is held: by one that starts, runs or ends. Look again until it is clear which.
    const adopted = await adopt(options, { directory, credentials })
    if (adopted !== undefined) return handle(directory, { ...credentials, ...adopted, adopted: true })
    if (await isHeldByStranger(directory)) throw await inUse(directory)
    await systemClock.sleep(POLL_MS * 10, limit).catch(async () => {
      options.signal.throwIfAborted()
      throw await inUse(directory)
    })
  }
}

interface Starting {
  readonly directory: BrokerDirectory
  readonly credentials: Credentials
  readonly flock: boolean
}

/** @returns undefined when another process holds the lock */
async function tryStart(options: EmbeddedBrokerOptions, starting: Starting): Promise<PortsFile | undefined> {
  const { directory, credentials, flock } = starting
  const maxStorageBytes = accountBytes(options.ledgerMaxBytes ?? DEFAULT_LEDGER_MAX_BYTES)
  if (options.port === undefined) await checkDisk(directory, maxStorageBytes)
  const config = {
    ...credentials,
    serverName: serverName(directory.root),
    port: options.port ?? -1,
    portsDirectory: directory.ports,
    storeDirectory: directory.store,
    synced: options.synced !== false,
    maxStorageBytes,
  }
  await writeConfig(directory, renderBrokerConfig(config))
  // Before the new one has a pid, which may be that of an old one.
  await removePortsFilesOf(directory, async (pid) => !(await isBrokerOf(directory, pid)))
  const started = await spawnBroker(directory, { binary: options.binary, flock })
  const ports = await untilListening(options, { directory, started })
  if (ports === undefined) return undefined
  options.logger.info({ pid: ports.pid, url: ports.url, directory: directory.root }, 'started the broker')
  return ports
}

interface Listening {
  readonly directory: BrokerDirectory
  readonly started: StartedProcess
}

async function untilListening(
  options: EmbeddedBrokerOptions,
  { directory, started }: Listening,
): Promise<PortsFile | undefined> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(START_LIMIT_MS)])
  const { child, pid } = started
  try {
    for (;;) {
      const ports = (await readPortsFiles(directory)).find((file) => file.pid === pid)
      if (ports !== undefined && child.exitCode === null && child.signalCode === null) return ports
      if (lockIsHeld(child)) return undefined
      if (child.exitCode !== null || child.signalCode !== null) throw await endedAtOnce(directory)
      await systemClock.sleep(POLL_MS, signal)
    }
  } catch (error) {
    child.kill('SIGTERM')
    throw error
  }
}

async function endedAtOnce(directory: BrokerDirectory): Promise<Error> {
  return new RetryableError(
    'BROKER_UNAVAILABLE',
    `the broker ended at once: ${await readLogTail(directory)}; see ${directory.log}`,
  )
}

async function findRunning(directory: BrokerDirectory): Promise<PortsFile | undefined> {
  for (const file of await readPortsFiles(directory)) {
    if (await isBrokerOf(directory, file.pid)) return file
  }
  return undefined
}

/** @returns undefined while none answers; @throws TerminalError BROKER_DIRECTORY_IN_USE when another than ours does */
async function adopt(
  { logger, signal }: Pick<EmbeddedBrokerOptions, 'logger' | 'signal'>,
  { directory, credentials }: { readonly directory: BrokerDirectory; readonly credentials: Credentials },
): Promise<PortsFile | undefined> {
  const running = await findRunning(directory)
  if (running === undefined) return undefined
  try {
    await using broker = await connectBroker({ servers: [running.url], name: 'adopt', ...credentials, logger, signal })
    // The name holds a hash of the directory, and the password is this directory's own.
    if (broker.nc.info?.server_name !== serverName(directory.root)) throw await inUse(directory)
  } catch (error) {
    if (isAbort(error, signal) || hasCode(error, 'BROKER_DIRECTORY_IN_USE')) throw error
    if (hasCode(error, 'CONFIG_INVALID')) throw await inUse(directory)
    return undefined
  }
  logger.info({ pid: running.pid, url: running.url, directory: directory.root }, 'adopted the running broker')
  return running
}

/** The broker that runs on a directory, if it answers: for a visitor, who leaves it running. */
export async function findEmbeddedBroker(
  options: Pick<EmbeddedBrokerOptions, 'directory' | 'logger' | 'signal'>,
): Promise<Pick<EmbeddedBroker, 'url' | 'user' | 'password' | 'pid'> | undefined> {
  const directory = await openBrokerDirectory(options.directory)
  const credentials = await loadCredentials(directory)
  const running = await adopt(options, { directory, credentials })
  return running && { ...credentials, ...running }
}

async function inUse(directory: BrokerDirectory): Promise<TerminalError> {
  const running = await findRunning(directory)
  const pid = running?.pid ?? (await lockHolder(directory))
  const who = pid === undefined ? 'another process' : `process ${pid}`
  return new TerminalError(
    'BROKER_DIRECTORY_IN_USE',
    `${who} uses ${directory.root} and does not answer as its broker: stop it first`,
    {
      details: { pid: pid ?? null, directory: directory.root },
    },
  )
}

interface Found extends Credentials, PortsFile {
  readonly adopted: boolean
}

function handle(directory: BrokerDirectory, found: Found): EmbeddedBroker {
  const watching = new AbortController()
  const exited = untilGone(directory, { pid: found.pid, pollMs: WATCH_MS, signal: watching.signal }).catch(
    () => undefined,
  )
  return {
    ...found,
    exited,
    writeProblem: (signal) => readWriteProblem(found, signal),
    freeBytes: () => freeBytes(directory),
    [Symbol.asyncDispose]: async () => {
      await stopBroker(directory, found.pid)
      watching.abort()
      await exited
    },
  }
}
