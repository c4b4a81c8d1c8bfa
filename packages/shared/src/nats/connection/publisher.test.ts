import {
  natsServerBinary,
  silentLog,
  startTcpProxy,
  startTestBroker,
  temporaryDirectory,
  type TestBroker,
} from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedBroker } from '../embedded/embedded-broker.ts'
import { declareTopology } from '../topology/topology.ts'
import { brokerFault } from './broker-errors.ts'
import { connectBroker } from './connection.ts'

let server: TestBroker
beforeAll(async () => {
  server = await startTestBroker()
})
afterAll(() => server[Symbol.asyncDispose]())

const message = (subject: string, expectedSeq?: number) => ({
  subject,
  data: 'x',
  stream: 'TASKS',
  ...(expectedSeq === undefined ? {} : { expectedSeq }),
})

describe('publishing', () => {
  it('stores what is published in one turn in this order, each with an answer of its own', async () => {
    const broker = await server.connect('one-turn')
    const subjects = Array.from({ length: 20 }, (_, i) => `task.trader.master.${i}`)
    const acks = await Promise.all(subjects.map((subject) => broker.publish(message(subject, 0))))
    const [first] = acks
    expect(acks).toEqual(subjects.map((_, i) => ({ seq: (first?.seq ?? 0) + i, duplicate: false })))
    const stored = await broker.jsm.streams.getMessage('TASKS', { seq: acks[7]?.seq ?? 0 })
    expect(stored).toMatchObject({ subject: subjects[7] })
  })

  it('takes with it what waits to be acknowledged', async () => {
    const broker = await server.connect('acknowledging')
    const order: string[] = []
    broker.acks.add({ ack: () => void order.push('acknowledged') })
    await broker.publish(message('task.trader.master.90')).then(() => order.push('stored'))
    expect(order).toEqual(['acknowledged', 'stored'])
  })

  it('tells a refused expectation from another stream and from no stream', async () => {
    const broker = await server.connect('refused')
    await broker.publish(message('task.trader.master.100'))
    const fault = async (publishing: Promise<unknown>): Promise<unknown> => await publishing.catch(brokerFault)
    expect(await fault(broker.publish(message('task.trader.master.100', 0)))).toBe('conflict')
    expect(await fault(broker.publish(message('progress.trader.master.100.1')))).toBe('other')
    await expect(broker.publish(message('nobody.listens'))).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })

  it('of what the broker does not take fails at once, and alone', async () => {
    const broker = await server.connect('too-large')
    const large = { ...message('task.trader.master.110'), data: 'x'.repeat(2 * 1024 * 1024) }
    const [refused, taken] = await Promise.allSettled([
      broker.publish(large),
      broker.publish(message('task.trader.master.111')),
    ])
    expect([refused.status, taken.status]).toEqual(['rejected', 'fulfilled'])
  })

  it('without an answer, or over a lost connection, has an unknown outcome', async () => {
    await using proxy = await startTcpProxy(server.url)
    const broker = await server.connect('silent', { url: proxy.url })
    proxy.loseAnswers()
    const before = performance.now()
    await expect(broker.publish(message('task.trader.master.120'))).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
    })
    expect(performance.now() - before).toBeGreaterThan(1900)
    const cut = broker.publish(message('task.trader.master.121'))
    proxy.heal()
    await expect(cut).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  }, 20_000)

  it('where the user may not publish is refused at once, and nothing else with it', async () => {
    await using directory = await temporaryDirectory()
    const { signal } = new AbortController()
    const binary = natsServerBinary()
    const options = { directory: directory.path, binary, ledgerMaxBytes: 64 * 1024 * 1024, logger: silentLog, signal }
    await using embedded = await startEmbeddedBroker(options)
    const { url, user, password } = embedded
    await using broker = await connectBroker({
      servers: [url],
      name: 'test',
      user,
      password,
      logger: silentLog,
      signal,
    })
    await declareTopology(broker, { replicas: 1, ledgerMaxBytes: 64 * 1024 * 1024, signal })
    const [denied, taken] = await Promise.allSettled([
      broker.publish(message('$JS.API.STREAM.PURGE.TASKS')),
      broker.publish(message('task.trader.master.1')),
    ])
    expect(denied).toMatchObject({ status: 'rejected', reason: expect.toSatisfy((e) => brokerFault(e) === 'other') })
    expect(taken.status).toBe('fulfilled')
  })
})
