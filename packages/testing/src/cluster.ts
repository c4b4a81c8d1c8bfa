import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnections, type TestMember, type TestServers } from './broker-connection.ts'
import { commonConfig, type NatsProcess, startNatsProcess, type StoreOptions } from './nats-process.ts'
import { natsServerBinary } from './nats-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** Three servers that hold three copies of every stream, on ports that they keep. */
export interface TestCluster extends TestServers {
  readonly members: readonly TestMember[]
}

export interface TestClusterOptions extends StoreOptions {
  readonly binary?: string
}

const NAMES = ['a', 'b', 'c'] as const
const POLL_MS = 20
/** The first election is a matter of milliseconds, unless two members want to win it. */
const HEALTHY_LIMIT_MS = 8000
/** Later ones take up to nine seconds. */
const LEADER_LIMIT_MS = 25_000
const START_TRIES = 3

/**
 * Now and then a start fails: somebody takes a port between its choice and its use, or, as tried on both lines of the
 * server, two members elect a leader before they have heard of the third, and stay a cluster of two.
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnFreePorts(options)
    } catch (error) {
      if (tries === START_TRIES) throw error
    }
  }
}

async function startOnFreePorts(options: TestClusterOptions): Promise<TestCluster> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory()).path
  const ports = await freePorts(NAMES.length * 2)
  const routes = ports.slice(NAMES.length)
  const members = NAMES.map((name, i) =>
    stack.use(
      createMember({
        ...options,
        cluster: path.basename(directory),
        name,
        directory: path.join(directory, name),
        port: ports[i] ?? 0,
        route: routes[i] ?? 0,
        // Each knows the others from the start: that is how they know how many they are.
        routes: routes.filter((route) => route !== routes[i]),
      }),
    ),
  )
  const urls = ports.slice(0, NAMES.length).map((port) => `nats://127.0.0.1:${port}`)
  const servers = { url: urls.join(','), replicas: 3 } as const
  await Promise.all(members.map((member) => member.restart()))
  await Promise.all(members.map((member) => member.healthy()))
  const { connect } = stack.use(createConnections(servers))
  const owned = stack.move()
  return {
    ...servers,
    members,
    connect,
    leaderOf: (stream) => findLeader(members, stream),
    kill: async () => void (await Promise.all(members.map((member) => member.kill()))),
    restart: async () => {
      await Promise.all(members.map((member) => member.kill()))
      await Promise.all(members.map((member) => member.restart()))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface MemberOptions extends TestClusterOptions {
  readonly cluster: string
  readonly name: string
  readonly directory: string
  readonly port: number
  readonly route: number
  readonly routes: readonly number[]
}

interface Member extends TestMember, AsyncDisposable {
  /** Once it knows a leader of the cluster and is up to date; the leader: once it has heard of all others. */
  healthy(): Promise<void>
  leads(stream: string): Promise<boolean>
}

function createMember(options: MemberOptions): Member {
  const { name, directory, port, route, routes } = options
  const binary = options.binary ?? natsServerBinary()
  const config = [
    `server_name: ${name}`,
    `port: ${port}`,
    'http: "127.0.0.1:-1"',
    `cluster { name: ${options.cluster}, listen: "127.0.0.1:${route}", pool_size: -1, routes: [${routes.map(routeUrl).join(', ')}] }`,
    ...commonConfig(path.join(directory, 'store'), options),
  ]
  let server: NatsProcess | undefined
  const kill = async (): Promise<void> => server?.end('SIGKILL')
  const ask = (question: string): Promise<Response | undefined> => {
    const { monitoringUrl, running } = server ?? {}
    return running === true ? fetch(`${monitoringUrl}${question}`).catch(() => undefined) : Promise.resolve(undefined)
  }
  const state = async (): Promise<JetStreamState> => {
    const answer = await ask('/jsz?streams=true')
    return answer === undefined ? {} : JSON.parse(await answer.text())
  }
  return {
    name,
    kill,
    restart: async () => {
      await kill()
      await mkdir(directory, { recursive: true })
      server = await startNatsProcess({ binary, directory, config })
    },
    healthy: () =>
      until(HEALTHY_LIMIT_MS, async () => (await ask('/healthz'))?.ok === true && knowsAll(await state(), name)),
    leads: async (stream) => leadersIn(await state()).get(stream) === name,
    [Symbol.asyncDispose]: kill,
  }
}

function routeUrl(port: number): string {
  return `"nats://127.0.0.1:${port}"`
}

/** What a member says about itself. */
interface JetStreamState {
  readonly meta_cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[]
  }
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[]
  }[]
}

/** Of the leader alone: it places streams on the members that it has heard of. */
function knowsAll({ meta_cluster: meta }: JetStreamState, name: string): boolean {
  if (meta?.leader !== name) return meta?.leader !== undefined
  const current = meta.replicas?.filter((replica) => replica.current && replica.offline !== true) ?? []
  return current.length === NAMES.length - 1
}

function leadersIn({ account_details: accounts = [] }: JetStreamState): ReadonlyMap<string, string | undefined> {
  const streams = accounts.flatMap(({ stream_detail: details = [] }) => details)
  return new Map(streams.map(({ name, cluster }) => [name, cluster?.leader]))
}

async function findLeader(members: readonly Member[], stream: string): Promise<TestMember> {
  let leader: Member | undefined
  await until(LEADER_LIMIT_MS, async () => {
    const leads = await Promise.all(members.map((member) => member.leads(stream)))
    leader = members[leads.indexOf(true)]
    return leader !== undefined
  })
  if (leader === undefined) throw new Error(`${stream} has no leader`)
  return leader
}

async function until(limitMs: number, condition: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`the test cluster did not come up within ${limitMs / 1000} s`)
    await delay(POLL_MS)
  }
}

/** All held at once, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(holders.map((holder) => once(holder, 'listening')))
  const ports = holders.map((holder) => {
    const address = holder.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  })
  await Promise.all(
    holders.map((holder) => {
      holder.close()
      return once(holder, 'close')
    }),
  )
  return ports
}
