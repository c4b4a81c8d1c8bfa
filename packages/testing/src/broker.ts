import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Broker, type BrokerLog, connectBroker, declareTopology } from '@orchestrator/shared/nats'
import { natsServerBinary } from './nats-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A real broker of the test's own, on a port that it keeps through `kill` and `restart`. */
export interface TestBroker extends AsyncDisposable {
  readonly url: string
  readonly directory: string
  /** Of the server that runs now; another after `restart`. */
  readonly pid: number
  /** A connection, closed at the latest with the broker; the topology is declared. */
  connect(name: string, options?: TestConnectOptions): Promise<Broker>
  /** As a crash: SIGKILL. */
  kill(): Promise<void>
  /** On the same store and port; kills first if it still runs. */
  restart(): Promise<void>
}

export interface TestBrokerOptions {
  /** Sync every write before it is acknowledged, as production does; the default is the server's, which is faster. */
  readonly sync?: boolean
  /** Storage limit of the account, bytes; none when left out. */
  readonly maxStorageBytes?: number
  readonly binary?: string
}

export interface TestConnectOptions {
  /** False: connect only. */
  readonly topology?: boolean
  readonly ledgerMaxBytes?: number
  readonly logger?: BrokerLog
  /** Instead of the broker's own address: a proxy before it. */
  readonly url?: string
}

const START_LIMIT_MS = 10_000
const TEST_LEDGER_MAX_BYTES = 1024 * 1024 * 1024

export const silentLog: BrokerLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const directory = await temporaryDirectory()
  const binary = options.binary ?? natsServerBinary()
  const connections = new AsyncDisposableStack()
  let server = await startServer({ ...options, binary, directory: directory.path, port: -1 })
  const { port } = server
  const kill = async (): Promise<void> => stopServer(server, 'SIGKILL')
  return {
    url: `nats://127.0.0.1:${port}`,
    directory: directory.path,
    get pid() {
      return server.child.pid ?? 0
    },
    connect: async (name, connect = {}) => {
      const broker = await openConnection({ ...connect, name, url: connect.url ?? `nats://127.0.0.1:${port}` })
      connections.use(broker)
      return broker
    },
    kill,
    restart: async () => {
      await kill()
      server = await startServer({ ...options, binary, directory: directory.path, port })
    },
    [Symbol.asyncDispose]: async () => {
      await connections.disposeAsync()
      await stopServer(server, 'SIGKILL')
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function openConnection(
  options: TestConnectOptions & { readonly name: string; readonly url: string },
): Promise<Broker> {
  const signal = AbortSignal.timeout(START_LIMIT_MS)
  const broker = await connectBroker({
    servers: [options.url],
    name: options.name,
    logger: options.logger ?? silentLog,
    signal,
  })
  if (options.topology !== false) {
    await declareTopology(broker, {
      replicas: 1,
      ledgerMaxBytes: options.ledgerMaxBytes ?? TEST_LEDGER_MAX_BYTES,
      signal,
    })
  }
  return broker
}

interface Server {
  readonly child: ChildProcess
  readonly port: number
  readonly exited: Promise<unknown>
  readonly forget: () => void
}

interface ServerOptions extends TestBrokerOptions {
  readonly binary: string
  readonly directory: string
  readonly port: number
}

async function startServer(options: ServerOptions): Promise<Server> {
  const configFile = path.join(options.directory, 'nats.conf')
  await writeFile(configFile, renderConfig(options))
  const child = spawn(options.binary, ['--config', configFile], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const output: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text))
  // A test run that is cut off leaves no server behind.
  const onExit = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', onExit)
  const server = { child, exited, forget: () => process.off('exit', onExit) }
  try {
    return { ...server, port: await readPort(child, options.directory) }
  } catch (error) {
    await stopServer({ ...server, port: 0 }, 'SIGKILL')
    throw new Error(`the test broker did not start: ${output.join('')}`, { cause: error })
  }
}

function renderConfig({ directory, port, sync, maxStorageBytes }: ServerOptions): string {
  const limit = maxStorageBytes === undefined ? 'enabled' : `{ max_file: ${maxStorageBytes} }`
  return [
    'host: 127.0.0.1',
    `port: ${port}`,
    `ports_file_dir: ${JSON.stringify(directory)}`,
    `jetstream { store_dir: ${JSON.stringify(path.join(directory, 'store'))}${sync === true ? ', sync_interval: always' : ''} }`,
    `accounts { TEST { jetstream: ${limit}, users: [{ user: test, password: test }] } }`,
    'no_auth_user: test',
  ].join('\n')
}

/** The server writes its ports once it accepts connections. */
async function readPort(child: ChildProcess, directory: string): Promise<number> {
  const file = path.join(directory, `nats-server_${child.pid}.ports`)
  const limit = performance.now() + START_LIMIT_MS
  while (performance.now() < limit) {
    if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}`)
    const text = await readFile(file, 'utf8').catch(() => '')
    const port = /nats:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]
    if (port !== undefined) return Number(port)
    await delay(5)
  }
  throw new Error('no ports file in time')
}

async function stopServer({ child, exited, forget }: Server, signal: NodeJS.Signals): Promise<void> {
  forget()
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    await exited
  }
}
