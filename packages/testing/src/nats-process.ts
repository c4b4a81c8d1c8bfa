import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { imageOf, startNatsContainer } from './nats-container.ts'

/** One nats-server process that accepts connections. */
export interface NatsProcess {
  readonly pid: number
  readonly port: number
  /** Of its monitoring, where the configuration asks for it. */
  readonly monitoringUrl: string | undefined
  /** Of its profiles, below `/debug/pprof/`, where the configuration asks for them. */
  readonly profileUrl: string | undefined
  /** True until it has ended, however it ended. */
  readonly running: boolean
  /** Returns once it has ended; `SIGCONT` first, so that a stopped one ends too. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface NatsProcessOptions {
  readonly binary: string
  /** Holds its configuration and its ports file. */
  readonly directory: string
  readonly config: readonly string[]
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>
}

const START_LIMIT_MS = 10_000

/** Lines that every test server's configuration has: an account with JetStream that needs no password. */
export function commonConfig(storeDirectory: string, options: StoreOptions): readonly string[] {
  const limit = options.maxStorageBytes === undefined ? 'enabled' : `{ max_file: ${options.maxStorageBytes} }`
  const sync = options.sync === true ? ', sync_interval: always' : ''
  return [
    'host: 127.0.0.1',
    `jetstream { store_dir: ${JSON.stringify(storeDirectory)}${sync} }`,
    `accounts { TEST { jetstream: ${limit}, users: [{ user: test, password: test }] } }`,
    'no_auth_user: test',
  ]
}

export interface StoreOptions {
  /** Sync every write before it is acknowledged, as production does; the default is the server's, which is faster. */
  readonly sync?: boolean
  /** Storage limit of the account, bytes; none when left out. */
  readonly maxStorageBytes?: number
}

export async function startNatsProcess(options: NatsProcessOptions): Promise<NatsProcess> {
  const { binary, directory, config, environment } = options
  const configFile = path.join(directory, 'nats.conf')
  await writeFile(configFile, [...config, `ports_file_dir: ${JSON.stringify(directory)}`].join('\n'))
  const image = imageOf(binary)
  if (image !== undefined)
    return await startInContainer({ image, directory, configFile, environment: environment ?? {} })
  const child = spawn(binary, ['--config', configFile], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  const output: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text))
  // A test run that is cut off leaves no server behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.off('exit', onExit)
    if (!running()) return
    child.kill('SIGCONT')
    child.kill(signal)
    await exited
  }
  try {
    const ports = await readPorts(child, directory)
    return {
      ...ports,
      pid: child.pid ?? 0,
      get running() {
        return running()
      },
      end,
    }
  } catch (error) {
    await end('SIGKILL')
    throw new Error(`the test broker did not start: ${output.join('')}`, { cause: error })
  }
}

type Ports = Pick<NatsProcess, 'port' | 'monitoringUrl' | 'profileUrl'>

async function startInContainer(options: Parameters<typeof startNatsContainer>[0]): Promise<NatsProcess> {
  const container = await startNatsContainer(options)
  try {
    // There it is the first process.
    const ports = await readPorts({ pid: 1, exitCode: null }, options.directory)
    return {
      ...ports,
      pid: container.pid,
      get running() {
        return container.running
      },
      end: (signal) => container.end(signal),
    }
  } catch (error) {
    await container.end('SIGKILL')
    throw error
  }
}

/** The server writes its ports once it accepts connections. */
async function readPorts(child: Pick<ChildProcess, 'pid' | 'exitCode'>, directory: string): Promise<Ports> {
  const file = path.join(directory, `nats-server_${child.pid}.ports`)
  const limit = performance.now() + START_LIMIT_MS
  while (performance.now() < limit) {
    if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}`)
    const text = await readFile(file, 'utf8').catch(() => '')
    const port = /nats:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]
    if (port !== undefined)
      return { port: Number(port), monitoringUrl: urlIn(text, 'monitoring'), profileUrl: urlIn(text, 'profile') }
    await delay(5)
  }
  throw new Error('no ports file in time')
}

function urlIn(ports: string, what: 'monitoring' | 'profile'): string | undefined {
  return new RegExp(`"${what}":\\["(http:[^"]+)"`).exec(ports)?.[1]
}
