/** For test files alone: tests that run on every supported server. Needs vitest's run around it. */
import { afterAll, beforeAll, describe, inject } from 'vitest'
import type { TestServers } from './broker-connection.ts'
import { startTestBroker } from './broker.ts'
import { startTestCluster, type TestCluster } from './cluster.ts'
import type { FoundServer } from './find-servers.ts'
import { imageOf } from './nats-container.ts'

type DescribeOn = (title: string, tests: () => void) => void

const START_LIMIT_MS = 60_000

/**
 * On each version of the server, alone and as three replicas. Each combination is started once for the file, when its
 * first test comes, and lives until the last.
 * @param enter is called before the tests of each `describe`
 * @returns a `describe` that repeats its tests on all of them
 */
export function describeOnBrokers(enter: (servers: TestServers) => Promise<void>): DescribeOn {
  return describeOn([alone, threeReplicas], enter)
}

/** As {@link describeOnBrokers}, on three replicas only. */
export function describeOnClusters(enter: (cluster: TestCluster) => Promise<void>): DescribeOn {
  return describeOn([threeReplicas], enter)
}

/** On each version of the server; the tests start what they need. */
export function describeOnVersions(title: string, tests: (binary: string) => void): void {
  for (const { version, binary } of inject('natsServers')) {
    // In a container there is no program that they could start.
    const isProgram = binary !== undefined && imageOf(binary) === undefined
    describe.skipIf(!isProgram)(`${title}, nats-server ${version}`, () => tests(binary ?? ''))
  }
}

interface Kind<S> {
  readonly name: string
  readonly start: (binary: string) => Promise<S>
}

const alone: Kind<TestServers> = { name: 'alone', start: (binary) => startTestBroker({ binary }) }
const threeReplicas: Kind<TestCluster> = { name: 'three replicas', start: (binary) => startTestCluster({ binary }) }

interface Combination<S> {
  readonly name: string
  readonly isHere: boolean
  /** At the first call. */
  readonly start: () => Promise<S>
}

function describeOn<S extends TestServers>(
  kinds: readonly Kind<S>[],
  enter: (servers: S) => Promise<void>,
): DescribeOn {
  const running: S[] = []
  const combinations = inject('natsServers').flatMap((server) =>
    kinds.map((kind) => combine(server, { kind, keep: (servers) => running.push(servers) })),
  )
  afterAll(async () => {
    await Promise.all(running.map((servers) => servers[Symbol.asyncDispose]()))
  })
  return (title, tests) => {
    for (const { name, isHere, start } of combinations) {
      describe.skipIf(!isHere)(`${title}, ${name}`, () => {
        beforeAll(async () => enter(await start()), START_LIMIT_MS)
        tests()
      })
    }
  }
}

function combine<S>(
  { version, binary }: FoundServer,
  { kind, keep }: { readonly kind: Kind<S>; readonly keep: (servers: S) => void },
): Combination<S> {
  let started: Promise<S> | undefined
  const start = async (): Promise<S> => {
    const servers = await kind.start(binary ?? '')
    keep(servers)
    return servers
  }
  return {
    name: `nats-server ${version} ${kind.name}`,
    isHere: binary !== undefined,
    start: () => (started ??= start()),
  }
}
