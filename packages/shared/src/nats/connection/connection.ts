import { setTimeout as delay } from 'node:timers/promises'
import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { errors, type NatsConnection, PermissionViolationError, type Status } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { describeError, raceAbort, RetryableError, TerminalError } from '../../core/index.ts'
import { isJetStreamMissing } from './broker-errors.ts'
import { createGatheredAcks, type GatheredAcks } from './gathered-acks.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { assertSupportedServer } from './server-version.ts'

/** The part of a pino logger that the adapter needs. */
export interface BrokerLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface BrokerOptions {
  readonly servers: readonly string[]
  /** Of this client, as the broker shows it: `launcher`. */
  readonly name: string
  readonly user?: string
  readonly password?: string
  readonly logger: BrokerLog
  /** Ends the attempt to connect; later the broker is ended by disposing it. */
  readonly signal: AbortSignal
}

/** A connection that reconnects for ever. Disposing drains it, then closes. */
export interface Broker extends AsyncDisposable {
  /** False between a disconnect and the next reconnect: publishers fail at once then. */
  readonly connected: boolean
  /** Fulfils once the connection is closed for good, with the error if that was not asked for. */
  readonly closed: Promise<Error | undefined>
  readonly serverVersion: string
  /** Calls back at each disconnect and reconnect, until the returned function is called. */
  onChange(listener: (connected: boolean) => void): () => void
  /** Into a stream, and waits until it is stored. */
  readonly publish: Publisher['publish']
  /** Acknowledges messages with the next publish, or soon. */
  readonly acks: GatheredAcks
  readonly logger: BrokerLog
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
}

/** No answer to a publish or a request within this time: its outcome is unknown. */
const REQUEST_TIMEOUT_MS = 2000
const CONNECT_TIMEOUT_MS = 5000
/** Of the time in which the broker expects an acknowledgement next to nothing. */
const ACK_GATHER_MS = 20
const DRAIN_LIMIT_MS = 5000

/**
 * @throws RetryableError BROKER_UNAVAILABLE when no server answers; TerminalError CONFIG_INVALID when it refuses the user,
 *   BROKER_UNSUITABLE when it is too old or has no JetStream
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const nc = await openConnection(options)
  try {
    const version = nc.info?.version ?? 'of unknown version'
    assertSupportedServer(version)
    const jsm = await openJetStream(nc, options)
    return createBroker({ nc, jsm, version, options })
  } catch (error) {
    await nc.close()
    throw error
  }
}

async function openConnection({ servers, name, user, password, signal }: BrokerOptions): Promise<NatsConnection> {
  signal.throwIfAborted()
  const connecting = connect({
    servers: [...servers],
    name,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    inboxPrefix: inboxPrefixOf(name),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    // Two stacks for each request; what failed is said by `ask`.
    noAsyncTraces: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A broker that is gone without closing the socket is noticed within half a minute.
    pingInterval: 10_000,
    maxPingOut: 2,
  })
  try {
    return await raceAbort(connecting, signal)
  } catch (error) {
    connecting.then(
      (late) => late.close(),
      () => undefined,
    )
    throw signal.aborted ? signal.reason : connectError(error, servers)
  }
}

/** Own inboxes, so that permissions can keep one service from reading another's answers. */
function inboxPrefixOf(name: string): string {
  return `_INBOX_${name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`
}

function connectError(error: unknown, servers: readonly string[]): Error {
  const where = servers.join(', ')
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return new TerminalError('CONFIG_INVALID', `the broker at ${where} refuses this user or password`, { cause: error })
  }
  return new RetryableError('BROKER_UNAVAILABLE', `no broker answers at ${where}`, { cause: error })
}

async function openJetStream(nc: NatsConnection, { servers, signal }: BrokerOptions): Promise<JetStreamManager> {
  try {
    return await raceAbort(jetstreamManager(nc, { timeout: REQUEST_TIMEOUT_MS }), signal)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (!isJetStreamMissing(error)) throw connectError(error, servers)
    const where = servers.join(', ')
    throw new TerminalError(
      'BROKER_UNSUITABLE',
      `JetStream is not enabled for this user at ${where}: enable it there`,
      {
        cause: error,
      },
    )
  }
}

interface Opened {
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly version: string
  readonly options: BrokerOptions
}

function createBroker({ nc, jsm, version, options: { name, logger } }: Opened): Broker {
  let connected = true
  const listeners = new Set<(connected: boolean) => void>()
  const acks = createGatheredAcks({
    gatherMs: ACK_GATHER_MS,
    onFailure: (error) => logger.error({ error: describeError(error) }, 'messages were not acknowledged'),
  })
  const publisher = createPublisher({
    nc,
    inboxPrefix: inboxPrefixOf(name),
    isConnected: () => connected,
    timeoutMs: REQUEST_TIMEOUT_MS,
    beforeWrite: () => acks.flush(),
  })
  const change = (now: boolean): void => {
    connected = now
    publisher.forsake()
    for (const listener of listeners) listener(now)
  }
  const watching = watchStatus(nc, { logger, change, refuse: (error) => publisher.refuse(error) })
  const closed = nc.closed().then((reason) => {
    change(false)
    return reason instanceof Error ? reason : undefined
  })
  return {
    get connected() {
      return connected
    },
    closed,
    serverVersion: version,
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish: (message) => publisher.publish(message),
    acks,
    logger,
    nc,
    js: jetstream(nc, { timeout: REQUEST_TIMEOUT_MS }),
    jsm,
    [Symbol.asyncDispose]: async () => {
      await closeConnection(nc, connected)
      await watching
    },
  }
}

interface StatusListener {
  readonly logger: BrokerLog
  readonly change: (connected: boolean) => void
  readonly refuse: (error: PermissionViolationError) => void
}

async function watchStatus(nc: NatsConnection, listener: StatusListener): Promise<void> {
  for await (const status of nc.status()) handleStatus(status, listener)
}

function handleStatus(status: Status, { logger, change, refuse }: StatusListener): void {
  if (status.type === 'disconnect') {
    change(false)
    logger.warn({ server: status.server }, 'disconnected from the broker')
  } else if (status.type === 'reconnect') {
    change(true)
    logger.info({ server: status.server }, 'connected to the broker again')
  } else if (status.type === 'error') {
    logger.warn({ error: describeError(status.error) }, 'the broker reported an error')
    if (status.error instanceof PermissionViolationError) refuse(status.error)
  }
}

async function closeConnection(nc: NatsConnection, connected: boolean): Promise<void> {
  if (nc.isClosed()) return
  const deadline = new AbortController()
  // Draining needs the broker's answer; without one the connection is only closed.
  const drained = connected ? nc.drain().catch(() => undefined) : Promise.resolve()
  await Promise.race([drained, delay(DRAIN_LIMIT_MS, undefined, { signal: deadline.signal }).catch(() => undefined)])
  deadline.abort()
  await nc.close()
}
