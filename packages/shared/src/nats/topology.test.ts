import { startTestBroker, silentLog } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import type { BrokerLog } from './connection.ts'
import { connectBroker } from './connection.ts'
import { createLedger } from './ledger.ts'
import { askedStreams, differences, neededBytes } from './topology-streams.ts'
import { declareTopology } from './topology.ts'

const { signal } = new AbortController()
const GIB = 1024 ** 3

function recordingLog(): BrokerLog & { readonly errors: object[] } {
  const errors: object[] = []
  return { ...silentLog, errors, error: (details) => errors.push(details) }
}

describe('declareTopology', () => {
  it('declares everything as asked, on this server, and changes nothing the second time', async () => {
    await using server = await startTestBroker()
    const logger = recordingLog()
    const broker = await server.connect('test', { logger })
    await declareTopology(broker, { replicas: 1, ledgerMaxBytes: GIB, signal })
    expect(logger.errors).toEqual([])
    const streams = await Array.fromAsync(broker.jsm.streams.list())
    const names = streams.map(({ config }) => config.name).toSorted()
    const buckets = ['branches', 'deliveries', 'leases', 'slots', 'workspaces'].map((bucket) => `KV_${bucket}`)
    expect(names).toEqual(['DEADLETTERS', ...buckets, 'LOGS', 'PROGRESS', 'TASKS'])
    const tasks = streams.find(({ config }) => config.name === 'TASKS')?.config
    expect(tasks).toMatchObject({
      max_age: 0,
      max_bytes: -1,
      max_msgs: -1,
      deny_delete: true,
      deny_purge: true,
      discard: 'new',
    })
    const unlimited = streams.filter(({ config }) => config.max_bytes < 0).map(({ config }) => config.name)
    expect(unlimited).toEqual(['TASKS'])
  })

  it('may be run by several at once', async () => {
    await using server = await startTestBroker()
    const brokers = await Promise.all(['a', 'b', 'c'].map((name) => server.connect(name, { topology: false })))
    await Promise.all(brokers.map((broker) => declareTopology(broker, { replicas: 1, ledgerMaxBytes: GIB, signal })))
  })

  it('keeps the generation that a restore has raised, and mends what somebody changed', async () => {
    await using server = await startTestBroker()
    const broker = await server.connect('test')
    const { config } = await broker.jsm.streams.info('TASKS')
    await broker.jsm.streams.update('TASKS', {
      max_age: 10 ** 15,
      metadata: { ...config.metadata, 'orchestrator.generation': '2' },
    })
    await declareTopology(broker, { replicas: 1, ledgerMaxBytes: 2 * GIB, signal })
    const mended = await broker.jsm.streams.info('TASKS')
    expect(mended.config.max_age).toBe(0)
    const ledger = await createLedger(broker)
    expect(ledger.generation).toBe(2)
    expect((await ledger.room(signal)).freeBytes).toBe(2 * GIB)
  })

  it('refuses an account that cannot hold the ledger and all limits, and takes one that can', async () => {
    const needed = neededBytes({ ledgerMaxBytes: GIB, replicas: 1 })
    await using server = await startTestBroker({ maxStorageBytes: needed })
    const broker = await server.connect('test')
    await expect(declareTopology(broker, { replicas: 1, ledgerMaxBytes: GIB + 1, signal })).rejects.toMatchObject({
      code: 'BROKER_UNSUITABLE',
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
    await using server = await startTestBroker()
    const broker = await server.connect('test')
    await server.kill()
    await expect.poll(() => broker.connected).toBe(false)
    await server.restart()
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
