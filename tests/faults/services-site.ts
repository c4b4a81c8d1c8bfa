import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startTcpFaultProxy, startTestBroker, type TcpFaultProxy, type TestBroker } from '@orchestrator/testing'
import { freePort } from './ports.ts'
import { whyUnready } from './readiness.ts'
import { type Replica, startReplica } from './replica.ts'
import { isService, type Service, SERVICES } from './schedule.ts'
import type { Site, SiteOptions } from './site.ts'

const REPOSITORY = join(import.meta.dirname, '../..')

interface Member {
  readonly service: Service
  readonly index: number
  readonly replica: Replica
  readonly proxy: TcpFaultProxy
  readonly url: string
}

/** Each service as processes of its own, each process behind a proxy of its own, before one real broker. */
export async function startServicesSite(options: SiteOptions): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker({ sync: true }))
  const wanted = SERVICES.flatMap((service) =>
    Array.from({ length: options.replicas[service] }, (_, index) => ({ service, index })),
  )
  const members = await Promise.all(
    wanted.map(async ({ service, index }) => startMember({ ...options, service, index, broker })),
  )
  for (const { replica, proxy } of members) {
    stack.use(proxy)
    stack.use(replica)
  }
  const find = (service: Service, index: number): Member | undefined =>
    members.find((member) => member.service === service && member.index === index)
  const owned = stack.move()
  const brokerLife = createBrokerLife(broker)
  return {
    urls: members.filter(({ service }) => service === 'submitter').map(({ url }) => url),
    stateDirectory: join(options.folder, 'state'),
    kill: async (victim, index, pauseMs) => {
      if (victim === 'broker') return await brokerLife.kill(pauseMs)
      return isService(victim) ? ((await find(victim, index)?.replica.kill(pauseMs)) ?? false) : false
    },
    inflict: ({ service, replica, fault }) => {
      const member = find(service, replica)
      if (fault === 'freeze') return member?.replica.freeze() ?? (() => undefined)
      member?.proxy.inflict(fault)
      return () => member?.proxy.heal()
    },
    unready: async () => (await Promise.all(members.map(unreadyMember))).flat(),
    connect: async () => await broker.connect('faults', { topology: false }),
    ownEnds: () => members.flatMap(({ replica }) => replica.ownEnds),
    keep: async () => await cp(broker.directory, join(options.folder, 'broker'), { recursive: true }),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

interface MemberOptions extends SiteOptions {
  readonly service: Service
  readonly index: number
  readonly broker: TestBroker
}

async function startMember({ folder, settingsFile, compiled, service, index, broker }: MemberOptions): Promise<Member> {
  const proxy = await startTcpFaultProxy(broker.url)
  const port = String(await freePort())
  const name = `${service}-${index}`
  const replica = await startReplica({
    name,
    argv: [join(REPOSITORY, 'services', service, 'src/main.ts')],
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      NODE_COMPILE_CACHE: compiled,
      NATS_URL: proxy.url,
      SETTINGS_FILE: settingsFile,
      STATE_DIR: join(folder, 'state'),
      VIEW_FILE: join(folder, `view-${index}.sqlite`),
      ...(service === 'submitter' ? { PORT: port } : { HEALTH_PORT: port }),
      RECONCILE_INTERVAL_MS: '3000',
      LOOK_INTERVAL_MS: '3000',
      HOLD_LIMIT_MS: '10000',
      STOP_GRACE_MS: '4000',
    },
    logFile: join(folder, 'logs', `${name}.log`),
  })
  return { service, index, replica, proxy, url: `http://127.0.0.1:${port}` }
}

async function unreadyMember({ replica, url }: Member): Promise<readonly string[]> {
  const problem = await whyUnready(url)
  return problem === undefined ? [] : [`${replica.name} is not ready: ${problem}`]
}

/** One kill at a time: a second one waits until the broker is back. */
function createBrokerLife(broker: TestBroker): { kill(pauseMs: number): Promise<boolean> } {
  let last: Promise<void> = Promise.resolve()
  const killAfter = async (before: Promise<void>, pauseMs: number): Promise<void> => {
    await before
    await broker.kill()
    await delay(pauseMs)
    await broker.restart()
  }
  return {
    kill: async (pauseMs) => {
      last = killAfter(last, pauseMs)
      await last
      return true
    },
  }
}
