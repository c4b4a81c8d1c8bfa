import type { StreamConfig } from '@nats-io/jetstream'
import { startTestBroker, silentLog, type TestServers } from '@orchestrator/testing'
import { describeOnBrokers, describeOnVersions } from '@orchestrator/testing/vitest'
import { describe, expect, it } from 'vitest'
import type { Broker, BrokerLog } from '../connection/connection.ts'
import { connectBroker } from '../connection/connection.ts'
import { createLedger } from '../ledger/ledger.ts'
import { askedStreams, differences, neededBytes } from './topology-streams.ts'
import { declareTopology } from './topology.ts'

const { signal } = new AbortController()
const GIB = 1024 ** 3

function recordingLog(): BrokerLog & { readonly errors: object[] } {
  const errors: object[] = []
  return { ...silentLog, errors, error: (details) => errors.push(details) }
}

let server: TestServers
const describeOnEach = describeOnBrokers(async (servers) => {
  server = servers
})

async function streamsOf({ jsm }: Broker): Promise<readonly StreamConfig[]> {
  return (await Array.fromAsync(jsm.streams.list())).map(({ config }) => config)
}

describeOnEach('declareTopology', () => {
  it('may be run by several at once', async () => {
    const brokers = await Promise.all(['a', 'b', 'c'].map((name) => server.connect(name, { topology: false })))
    expect(await Promise.all(brokers.map(streamsOf))).toEqual([[], [], []])
    const { replicas } = server
    await Promise.all(brokers.map((broker) => declareTopology(broker, { replicas, ledgerMaxBytes: GIB, signal })))
  })

  it('declares everything as asked, on this server, and changes nothing the second time', async () => {
    const logger = recordingLog()
    const broker = await server.connect('test', { logger })
    const streams = await streamsOf(broker)
    await declareTopology(broker, { replicas: server.replicas, ledgerMaxBytes: GIB, signal })
    expect(logger.errors).toEqual([])
    expect(await streamsOf(broker)).toEqual(streams)
    const names = streams.map(({ name }) => name).toSorted()
    const buckets = ['branches', 'deliveries', 'leases', 'slots', 'tokens', 'workspaces'].map(
      (bucket) => `KV_${bucket}`,
    )
    expect(names).toEqual(['DEADLETTERS', ...buckets, 'LOGS', 'PROGRESS', 'TASKS'])
    for (const stream of streams) {
      expect(stream).toMatchObject({ num_replicas: server.replicas, storage: 'file', allow_direct: false })
    }
    expect(streams.find(({ name }) => name === 'TASKS')).toMatchObject({
      max_age: 0,
      max_bytes: -1,
      max_msgs: -1,
      deny_delete: true,
      deny_purge: true,
      discard: 'new',
    })
    expect(streams.filter(({ max_bytes: limit }) => limit < 0).map(({ name }) => name)).toEqual(['TASKS'])
  })

  it('keeps the generation that a restore has raised, and mends what somebody changed', async () => {
    const broker = await server.connect('test')
    const { config } = await broker.jsm.streams.info('TASKS')
    await broker.jsm.streams.update('TASKS', {
      max_age: 10 ** 15,
      metadata: { ...config.metadata, 'orchestrator.generation': '2' },
    })
    await declareTopology(broker, { replicas: server.replicas, ledgerMaxBytes: 2 * GIB, signal })
    const mended = await broker.jsm.streams.info('TASKS')
    expect(mended.config.max_age).toBe(0)
    const ledger = await createLedger(broker)
    expect(ledger.generation).toBe(2)
    expect((await ledger.room(signal)).freeBytes).toBe(2 * GIB)
  })
})

describeOnVersions('a broker of its own', (binary) => {
  it('refuses an account that cannot hold the ledger and all limits, and takes one that can', async () => {
    const needed = neededBytes({ ledgerMaxBytes: GIB, replicas: 1 })
    await using single = await startTestBroker({ binary, maxStorageBytes: needed })
    const broker = await single.connect('test')
    await expect(declareTopology(broker, { replicas: 1, ledgerMaxBytes: GIB + 1, signal })).rejects.toMatchObject({
      code: 'BROKER_UNSUITABLE',
    })
  })

  it('refuses replicas where there is no cluster, naming the setting', async () => {
    await using single = await startTestBroker({ binary })
    const broker = await single.connect('test', { topology: false })
    await expect(declareTopology(broker, { replicas: 3, ledgerMaxBytes: GIB, signal })).rejects.toMatchObject({
      code: 'BROKER_UNSUITABLE',
      message: expect.stringContaining('NATS_REPLICAS=1'),
    })
  })
})

describe('connectBroker', () => {
  it('says where no broker answers', async () => {
    const options = { servers: ['nats://127.0.0.1:1'], name: 'test', logger: silentLog, signal }
    await expect(connectBroker(options)).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    })
  })

  it('reconnects after a crash and is closed only by its owner', async () => {
    await using single = await startTestBroker()
    const broker = await single.connect('test')
    await single.kill()
    await expect.poll(() => broker.connected).toBe(false)
    await single.restart()
    await expect.poll(() => broker.connected).toBe(true)
    await broker[Symbol.asyncDispose]()
    expect(await broker.closed).toBeUndefined()
    expect(broker.connected).toBe(false)
  })
})

describe('differences', () => {
  it('names what was dropped or changed and nothing that the server added', () => {
    const [asked] = askedStreams({ replicas: 1, ledgerMaxBytes: 5 })
    if (asked === undefined) throw new Error('no stream')
    const returned = { ...asked, max_consumers: -1, metadata: { ...asked.metadata, '_nats.level': '1' } }
    expect(differences(asked, returned)).toEqual([])
    const { deny_purge, ...dropped } = returned
    expect(deny_purge).toBe(true)
    expect(differences(asked, { ...dropped, max_age: 5 })).toEqual([
      { field: 'max_age', asked: 0, returned: 5 },
      { field: 'deny_purge', asked: true, returned: undefined },
    ])
  })
})
