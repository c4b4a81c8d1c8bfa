import { type Broker, type BrokerLog, connectBroker, declareTopology } from '@orchestrator/shared/nats'

/** What one broker and three replicas have in common. */
export interface TestServers extends AsyncDisposable {
  /** Of all of them, as `NATS_URL` takes it. */
  readonly url: string
  /** Copies of every stream. */
  readonly replicas: 1 | 3
  /** A connection, closed at the latest with the broker; the topology is declared. */
  connect(name: string, options?: TestConnectOptions): Promise<Broker>
  /** As a crash of all at once: SIGKILL. */
  kill(): Promise<void>
  /** On the same stores and ports; kills first what still runs. */
  restart(): Promise<void>
  /** The server that leads a stream now; waits for an election. */
  leaderOf(stream: string): Promise<TestMember>
}

/** One server of some. */
export interface TestMember {
  readonly name: string
  /** As a crash: SIGKILL. */
  kill(): Promise<void>
  /** On the same store and port; kills first if it still runs. */
  restart(): Promise<void>
}

export interface TestConnectOptions {
  /** False: connect only. */
  readonly topology?: boolean
  readonly ledgerMaxBytes?: number
  readonly logger?: BrokerLog
  /** Instead of the broker's own address: a proxy before it. */
  readonly url?: string
}

export const silentLog: BrokerLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

const CONNECT_LIMIT_MS = 20_000
const TEST_LEDGER_MAX_BYTES = 1024 * 1024 * 1024

/** @returns the `connect` of some servers, and what closes all that it has opened */
export function createConnections({
  url,
  replicas,
}: Pick<TestServers, 'url' | 'replicas'>): Pick<TestServers, 'connect'> & AsyncDisposable {
  const opened = new AsyncDisposableStack()
  return {
    connect: async (name, options = {}) => {
      const signal = AbortSignal.timeout(CONNECT_LIMIT_MS)
      const servers = (options.url ?? url).split(',')
      const broker = opened.use(await connectBroker({ servers, name, logger: options.logger ?? silentLog, signal }))
      if (options.topology !== false) {
        const ledgerMaxBytes = options.ledgerMaxBytes ?? TEST_LEDGER_MAX_BYTES
        await declareTopology(broker, { replicas, ledgerMaxBytes, signal })
      }
      return broker
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
