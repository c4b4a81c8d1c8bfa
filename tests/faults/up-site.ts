import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Broker, connectBroker } from '@orchestrator/shared/nats'
import { natsServerBinary, silentLog } from '@orchestrator/testing'
import { z } from 'zod'
import { freePort } from './ports.ts'
import { whyUnready } from './readiness.ts'
import { startReplica } from './replica.ts'
import type { Site, SiteOptions } from './site.ts'
import { killProcess, processesOf, roleOf } from './workloads.ts'

const CLI = join(import.meta.dirname, '../../packages/cli/src/main.ts')

/** `orchestrator up` as a person runs it, with a broker of its own. */
export async function startUpSite({ folder, settingsFile, compiled }: SiteOptions): Promise<Site> {
  const stateDirectory = join(folder, 'state')
  const port = await freePort()
  const up = await startReplica({
    name: 'up',
    argv: [
      CLI,
      'up',
      '--state-dir',
      stateDirectory,
      '--config',
      settingsFile,
      '--port',
      String(port),
      '--log-level',
      'info',
    ],
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      NODE_COMPILE_CACHE: compiled,
      NO_COLOR: '1',
      ORCHESTRATOR_NATS_SERVER: natsServerBinary(),
    },
    logFile: join(folder, 'logs', 'up.log'),
  })
  const url = `http://127.0.0.1:${port}`
  return {
    urls: [url],
    stateDirectory,
    kill: async (victim, _replica, pauseMs) => {
      if (victim === 'up') return await up.kill(pauseMs)
      return victim === 'broker' && killBroker(folder)
    },
    inflict: () => () => undefined,
    unready: async () => {
      const problem = await whyUnready(url)
      return problem === undefined ? [] : [`up is not ready: ${problem}`]
    },
    connect: async () => await connectPatiently(folder, join(stateDirectory, 'broker')),
    ownEnds: () => up.ownEnds,
    keep: async () => undefined,
    [Symbol.asyncDispose]: async () => await up[Symbol.asyncDispose](),
  }
}

/** `up` starts it again. */
function killBroker(folder: string): boolean {
  const brokers = processesOf(folder).filter((found) => roleOf(found) === 'broker')
  for (const { pid } of brokers) killProcess(pid)
  return brokers.length > 0
}

/** The broker may just be on its way up again. */
async function connectPatiently(folder: string, directory: string): Promise<Broker> {
  for (const until = performance.now() + CONNECT_LIMIT_MS; ; await delay(CONNECT_AGAIN_MS)) {
    try {
      return await connect(folder, directory)
    } catch (error) {
      if (performance.now() > until) throw error
    }
  }
}

const CONNECT_LIMIT_MS = 60_000
const CONNECT_AGAIN_MS = 200
const Credentials = z.object({ user: z.string(), password: z.string() })

async function connect(folder: string, directory: string): Promise<Broker> {
  const [broker] = processesOf(folder).filter((found) => roleOf(found) === 'broker')
  const ports = await readFile(join(directory, 'run', `nats-server_${broker?.pid}.ports`), 'utf8')
  const url = /nats:\/\/[^"]+/.exec(ports)?.[0] ?? ''
  const credentials = Credentials.parse(JSON.parse(await readFile(join(directory, 'credentials.json'), 'utf8')))
  return await connectBroker({
    servers: [url],
    name: 'faults',
    ...credentials,
    logger: silentLog,
    signal: AbortSignal.timeout(10_000),
  })
}
