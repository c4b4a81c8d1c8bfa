import path from 'node:path'
import { createConnections, type TestServers } from './broker-connection.ts'
import { commonConfig, startNatsProcess, type StoreOptions } from './nats-process.ts'
import { natsServerBinary } from './nats-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A real broker of the test's own, on a port that it keeps through `kill` and `restart`. */
export interface TestBroker extends TestServers {
  readonly directory: string
  /** Of the server that runs now; another after `restart`. */
  readonly pid: number
  /** Of its profiles, below `/debug/pprof/`; none without `profiled`. */
  readonly profileUrl: string | undefined
}

export interface TestBrokerOptions extends StoreOptions {
  readonly binary?: string
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>
  /** It can be asked what it holds and does. */
  readonly profiled?: boolean
}

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { binary = natsServerBinary(), environment = {}, profiled = false } = options
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory()).path
  const start = (port: number) => {
    const profiles = profiled ? ['prof_port: -1'] : []
    const config = [`port: ${port}`, ...profiles, ...commonConfig(path.join(directory, 'store'), options)]
    return startNatsProcess({ binary, directory, config, environment })
  }
  let server = await start(-1)
  stack.defer(() => server.end('SIGKILL'))
  const { port } = server
  const url = `nats://127.0.0.1:${port}`
  const { connect } = stack.use(createConnections({ url, replicas: 1 }))
  const kill = (): Promise<void> => server.end('SIGKILL')
  const restart = async (): Promise<void> => {
    await kill()
    server = await start(port)
  }
  const owned = stack.move()
  return {
    url,
    replicas: 1,
    directory,
    get pid() {
      return server.pid
    },
    get profileUrl() {
      return server.profileUrl
    },
    connect,
    kill,
    restart,
    leaderOf: async () => ({ name: 'alone', kill, restart }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
