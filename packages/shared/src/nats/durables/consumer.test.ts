import { sampleAttempt, silentLog, startTestBroker, submittedEvent, type TestServers } from '@orchestrator/testing'
import { describeOnBrokers, describeOnVersions } from '@orchestrator/testing/vitest'
import { expect, it, vi } from 'vitest'
import { taskSubject } from '../../contracts/index.ts'
import { RetryableError, systemClock, TerminalError } from '../../core/index.ts'
import type { Broker } from '../connection/connection.ts'
import { createDeadLetters } from '../dead-letters/dead-letters.ts'
import type { Arrival, Delivery } from '../ports.ts'
import { type DurableOptions, runDurable } from './consumer.ts'

const { signal } = new AbortController()
let server: TestServers
let broker: Broker
const describeOnEach = describeOnBrokers(async (servers) => {
  server = servers
  broker = await servers.connect('test')
})

let names = 0
/** Each test has a service, and so subjects and a durable, of its own. */
function ownService(): string {
  names += 1
  return `service${names}`
}

const submit = async (
  on: Broker,
  service: string,
  task: { readonly taskId?: string; readonly n?: number } = {},
): Promise<number> => {
  const ref = sampleAttempt(task.taskId, task.n, service)
  return (await on.js.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))).seq
}

function durable(
  service: string,
  handler: DurableOptions['handler'],
  changes: Partial<DurableOptions> = {},
): DurableOptions {
  return {
    broker,
    stream: 'TASKS',
    durable: service,
    subjects: [`task.${service}.>`, `attempt.${service}.>`],
    concurrency: 4,
    keyOf: ({ subject }) => subject,
    handler,
    logger: silentLog,
    clock: systemClock,
    ...changes,
  }
}

describeOnEach('runDurable', () => {
  it('handles what is stored and what comes, each message once', async () => {
    const service = ownService()
    const seen: number[] = []
    const first = await submit(broker, service)
    await using consumer = await runDurable(durable(service, async ({ stored }) => void seen.push(stored.seq)))
    await expect.poll(() => seen).toEqual([first])
    const second = await submit(broker, service, { taskId: '2' })
    await expect.poll(() => seen).toEqual([first, second])
    expect(consumer.health()).toBe('ok')
  })

  it('tells of each message as it comes, and numbers them so that one given to another replica is missed', async () => {
    const service = ownService()
    const arrivals: (Arrival & { readonly replica: number })[] = []
    let fails = 1
    const start = (replica: number): ReturnType<typeof runDurable> =>
      runDurable({
        ...durable(service, async () => {
          if ((fails -= 1) >= 0) throw new RetryableError('BROKER_UNAVAILABLE', 'not yet')
        }),
        onArrival: (arrival) => arrivals.push({ ...arrival, replica }),
      })
    await using first = await start(1)
    const seqs = [await submit(broker, service), await submit(broker, service, { taskId: '2' })]
    await expect.poll(() => arrivals.length).toBe(3)
    await using second = await start(2)
    for (let n = 3; n <= 40; n += 1) seqs.push(await submit(broker, service, { taskId: `${n}` }))
    await expect.poll(() => arrivals.length).toBe(41)
    expect(arrivals.map(({ delivery }) => delivery).toSorted((a, b) => a - b)).toEqual(
      seqs.map((_, i) => i + 1).concat(41),
    )
    const firsts = arrivals.filter(({ isFirst }) => isFirst).toSorted((a, b) => a.delivery - b.delivery)
    expect(firsts.map(({ seq }) => seq)).toEqual(seqs)
    expect(firsts.map(({ stored }) => stored?.seq)).toEqual(seqs)
    expect(new Set(arrivals.map(({ replica }) => replica)).size).toBe(2)
    expect([first.health(), second.health()]).toEqual(['ok', 'ok'])
  })

  it('handles messages of one key one at a time and in order, others at once, never more than it may', async () => {
    const service = ownService()
    const order = new Map<string, number[]>()
    const running = new Map<string, number>()
    let most = 0
    let overlaps = 0
    for (let n = 1; n <= 10; n += 1)
      for (const task of ['1', '2', '3', '4', '5', '6']) await submit(broker, service, { taskId: task, n })
    const handler = async ({ stored }: Delivery): Promise<void> => {
      const { subject } = stored
      running.set(subject, (running.get(subject) ?? 0) + 1)
      if ((running.get(subject) ?? 0) > 1) overlaps += 1
      most = Math.max(
        most,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      )
      await new Promise(setImmediate)
      order.set(subject, [...(order.get(subject) ?? []), stored.seq])
      running.set(subject, (running.get(subject) ?? 0) - 1)
    }
    await using consumer = await runDurable(durable(service, handler, { concurrency: 3 }))
    await expect.poll(() => [...order.values()].flat()).toHaveLength(60)
    expect(overlaps).toBe(0)
    expect(most).toBe(3)
    for (const sequences of order.values()) expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
    expect(consumer.health()).toBe('ok')
  })

  it('brings a message again after a retryable error, as long as that says', async () => {
    const service = ownService()
    const tries: number[] = []
    await submit(broker, service)
    const handler = async (delivery: Delivery): Promise<void> => {
      tries.push(delivery.tries)
      if (delivery.tries < 3) throw new RetryableError('RUNTIME_UNAVAILABLE', 'away', { retryAfterMs: 10 })
    }
    await using consumer = await runDurable(durable(service, handler))
    await expect.poll(() => tries).toEqual([1, 2, 3])
    expect(consumer.health()).toBe('ok')
  })

  it('acknowledges foreign types and leaves newer versions for a newer replica', async () => {
    const service = ownService()
    const subject = taskSubject(sampleAttempt('1', 1, service))
    const seen: number[] = []
    await broker.js.publish(subject, JSON.stringify({ type: 'something.else' }))
    await broker.js.publish(subject, JSON.stringify({ type: 'task.submitted.v2' }))
    const known = await submit(broker, service)
    await using consumer = await runDurable(durable(service, async ({ stored }) => void seen.push(stored.seq)))
    await expect.poll(() => seen).toEqual([known])
    await expect.poll(async () => (await broker.jsm.consumers.info('TASKS', service)).num_ack_pending).toBe(1)
    expect(await createDeadLetters(broker).list({ durable: service, limit: 10, signal })).toEqual([])
    expect(consumer.health()).toBe('ok')
  })

  it('gives back at once what it has not begun when it is stopped, and lets the running handler end', async () => {
    const service = ownService()
    const begun = Promise.withResolvers<void>()
    const finished: number[] = []
    for (let n = 1; n <= 5; n += 1) await submit(broker, service, { n })
    const stopped = await runDurable(
      durable(service, async ({ stored, signal: stopping }) => {
        begun.resolve()
        await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
        finished.push(stored.seq)
      }),
    )
    await begun.promise
    await stopped[Symbol.asyncDispose]()
    expect(finished).toHaveLength(1)
    const taken: number[] = []
    await using next = await runDurable(durable(service, async ({ stored }) => void taken.push(stored.seq)))
    await expect.poll(() => taken, { timeout: 3000 }).toHaveLength(4)
    expect(next.health()).toBe('ok')
  })

  it('has acknowledged all that was handled when it has ended', async () => {
    const service = ownService()
    let handled = 0
    for (let n = 1; n <= 5; n += 1) await submit(broker, service, { n })
    const own = await server.connect('own')
    const consumer = await runDurable(durable(service, async () => void (handled += 1), { broker: own }))
    await vi.waitFor(() => expect(handled).toBe(5), { interval: 1 })
    await consumer[Symbol.asyncDispose]()
    await own.nc.close()
    const pending = async (): Promise<number> => (await broker.jsm.consumers.info('TASKS', service)).num_ack_pending
    await expect.poll(pending).toBe(0)
  })

  it('fails for good when the connection is closed under it', async () => {
    const service = ownService()
    const own = await server.connect('closing')
    await using consumer = await runDurable(durable(service, async () => undefined, { broker: own }))
    await own[Symbol.asyncDispose]()
    await expect(consumer.failed).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })
})

describeOnEach('giving up', () => {
  it('keeps what cannot be read', async () => {
    const service = ownService()
    await broker.js.publish(taskSubject(sampleAttempt('1', 1, service)), 'not even JSON')
    await using consumer = await runDurable(durable(service, async () => undefined))
    const letters = createDeadLetters(broker)
    await expect
      .poll(() => letters.list({ durable: service, limit: 10, signal }))
      .toMatchObject([{ letter: { reason: 'unreadable' } }])
    expect(consumer.health()).toBe('ok')
  })

  it('does not lose the message when those who depend on it cannot be told yet', async () => {
    const service = ownService()
    let refusals = 0
    const seq = await submit(broker, service)
    const options = durable(
      service,
      async () => {
        throw new TerminalError('NOT_FOUND', 'gone')
      },
      {
        onDeadLetter: async () => {
          refusals += 1
          throw new RetryableError('BROKER_UNAVAILABLE', 'away')
        },
      },
    )
    await using consumer = await runDurable(options)
    await expect.poll(() => refusals).toBe(1)
    expect(await createDeadLetters(broker).list({ durable: service, limit: 10, signal })).toEqual([])
    const { num_ack_pending } = await broker.jsm.consumers.info('TASKS', service)
    expect({ seq, num_ack_pending }).toEqual({ seq, num_ack_pending: 1 })
    expect(consumer.health()).toBe('ok')
  })
})

describeOnVersions('a broker of its own', (binary) => {
  it('goes on after a crash of the broker and after the loss of its consumer', async () => {
    await using crashing = await startTestBroker({ binary })
    const own = await crashing.connect('own')
    const writer = await crashing.connect('writer')
    const seen = new Set<number>()
    await using consumer = await runDurable(
      durable('crashing', async ({ stored }) => void seen.add(stored.seq), { broker: own }),
    )
    const first = await submit(writer, 'crashing')
    await expect.poll(() => seen.has(first)).toBe(true)
    await crashing.kill()
    await expect.poll(() => consumer.health()).not.toBe('ok')
    await crashing.restart()
    await expect.poll(() => writer.connected).toBe(true)
    const second = await submit(writer, 'crashing', { taskId: '2' })
    await expect.poll(() => seen.has(second), { timeout: 10_000 }).toBe(true)
    await writer.jsm.consumers.delete('TASKS', 'crashing')
    const third = await submit(writer, 'crashing', { taskId: '3' })
    await expect.poll(() => seen.has(third), { timeout: 10_000 }).toBe(true)
    expect(consumer.health()).toBe('ok')
  }, 40_000)
})
