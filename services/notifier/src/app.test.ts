import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  DeliveryDocument,
  deliveryKey,
  type LedgerEvent,
  Settings,
  type TaskRef,
  type WebhookSettings,
} from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import {
  type Broker,
  createDeadLetters,
  createLedger,
  openDocuments,
  type StoredDeadLetter,
  type StoredEvent,
} from '@orchestrator/shared/nats'
import { type App, createLogger, parseConfig } from '@orchestrator/shared/service'
import {
  createTestClock,
  startTestBroker,
  startWebhookSink,
  temporaryDirectory,
  type TestBroker,
  type TestBrokerOptions,
  type WebhookSink,
  type WebhookSinkOptions,
} from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createNotifierApp } from './app.ts'
import { NotifierEnvironment } from './config.ts'
import { NOBODY } from './deliveries/delivery.ts'
import { finished, started, subjectOf, submitted, TASK } from './testing/fakes.ts'

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`
const HOSTILE = '"; rm -rf / # \u001b[2J \u202E <script> {{guidance}} \ud800 é😀'

interface Setting extends AsyncDisposable {
  readonly server: TestBroker
  readonly broker: Broker
  readonly publish: (task: TaskRef, n: number, event: LedgerEvent) => Promise<StoredEvent<LedgerEvent>>
  readonly sink: (options?: WebhookSinkOptions) => Promise<WebhookSink>
  /** A replica with these channels, stopped with the setting at the latest. */
  readonly notifier: (webhooks: readonly z.input<typeof WebhookSettings>[], clock?: Clock) => Promise<App>
}

async function createSetting(options: TestBrokerOptions = {}): Promise<Setting> {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startTestBroker(options))
  const broker = await server.connect('publisher')
  const ledger = await createLedger(broker)
  const { signal } = new AbortController()
  return {
    server,
    broker,
    publish: async (task, n, event) => {
      const published = await ledger.publish({
        subject: subjectOf(task, n, event),
        eventId: event.id,
        decide: ({ lastSeq }) => ({ kind: 'publish', event, expectedSeq: lastSeq }),
        signal,
      })
      if (published.kind !== 'stored') throw new Error('settled')
      return published.stored
    },
    sink: async (sinkOptions) => stack.use(await startWebhookSink(sinkOptions)),
    notifier: async (webhooks, clock = systemClock) => {
      const app = await createNotifierApp({
        config: parseConfig(NotifierEnvironment, { NATS_URL: server.url }),
        settings: Settings.parse({ channels: { webhooks } }),
        logger: createLogger({ name: 'notifier', level: 'silent' }),
        clock,
      })
      return stack.use(app)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const Sent = z.object({ id: z.string(), sequence: z.string() })
const idsOf = (sink: WebhookSink): readonly string[] => sink.received.map(({ body }) => Sent.parse(body).id)
const tasks = (count: number): readonly TaskRef[] =>
  Array.from({ length: count }, (_, index) => ({ ...TASK, taskId: String(index + 1) }))

/** How many tasks the bucket holds as dirty. */
async function marked(broker: Broker): Promise<number> {
  const documents = await openDocuments(broker, 'deliveries', DeliveryDocument)
  const entries = await documents.list('*.*.*.*')
  return entries.filter(({ value: { dirty, sent } }) => dirty > sent).length
}

/** Newest first, once there are so many. */
async function keptLetters(broker: Broker, count: number): Promise<readonly StoredDeadLetter[]> {
  const { signal } = new AbortController()
  let letters: readonly StoredDeadLetter[] = []
  const list = async (): Promise<number> => {
    letters = await createDeadLetters(broker).list({ limit: 10, signal })
    return letters.length
  }
  await expect.poll(list).toBe(count)
  return letters
}

interface SpawnedReplica extends AsyncDisposable {
  kill(): Promise<void>
}

/** A replica in a process of its own, which can be killed. */
async function spawnReplica(
  server: TestBroker,
  webhooks: readonly z.input<typeof WebhookSettings>[],
): Promise<SpawnedReplica> {
  const directory = await temporaryDirectory()
  const settingsFile = join(directory.path, 'settings.json')
  await writeFile(settingsFile, JSON.stringify({ channels: { webhooks } }))
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const environment = { NATS_URL: server.url, SETTINGS_FILE: settingsFile, LOG_LEVEL: 'silent' }
  const replica = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'inherit', 'inherit'] })
  const exited = once(replica, 'exit')
  const kill = async (): Promise<void> => {
    replica.kill('SIGKILL')
    await exited
  }
  return {
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill()
      await directory[Symbol.asyncDispose]()
    },
  }
}

describe('the notifier', () => {
  it('sends each event of a task, signed, in the ledger’s order and as it is', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    const sink = await setting.sink({ secret: SECRET })
    await using directory = await temporaryDirectory()
    const secretFile = join(directory.path, 'secret')
    await writeFile(secretFile, SECRET)
    await notifier([{ name: 'hook', url: sink.url, secretFile }])
    const stored = [
      await publish(TASK, 1, submitted(TASK, 1, HOSTILE)),
      await publish(TASK, 1, started(TASK, 1)),
      await publish(TASK, 1, finished(TASK, 1, HOSTILE)),
    ]
    await expect.poll(() => sink.received.length).toBe(3)
    expect(sink.received.map(({ verified }) => verified)).toEqual([true, true, true])
    expect(sink.received.map(({ body }) => body)).toEqual(
      stored.map(({ event, seq }) => ({ ...event, sequence: String(seq).padStart(20, '0') })),
    )
  })

  it('keeps the order of every task while many are told at once', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    const sink = await setting.sink()
    await notifier([{ name: 'hook', url: sink.url }])
    const all = tasks(20)
    await Promise.all(
      all.map(async (task) => {
        for (const event of [submitted(task, 1), started(task, 1), finished(task, 1), submitted(task, 2)]) {
          await publish(task, event.type === 'task.submitted' ? event.data.attempt.n : 1, event)
        }
      }),
    )
    await expect.poll(() => sink.received.length, { timeout: 20_000 }).toBe(80)
    for (const { taskId } of all) {
      const ids = idsOf(sink).filter((id) => id.includes(`-${taskId}-`))
      expect(ids).toEqual([
        `submitted-trader-${taskId}-1`,
        `started-trader-${taskId}-1`,
        `finished-trader-${taskId}-1`,
        `submitted-trader-${taskId}-2`,
      ])
    }
  })

  it('goes on in order when a sink is back, and meanwhile tells the others', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    let isDown = true
    const down = await setting.sink({ respond: () => (isDown ? 503 : 204) })
    const up = await setting.sink()
    const app = await notifier([
      { name: 'down', url: down.url },
      { name: 'up', url: up.url },
    ])
    await publish(TASK, 1, submitted(TASK, 1))
    await publish(TASK, 1, started(TASK, 1))
    await publish(TASK, 1, finished(TASK, 1))
    await expect.poll(() => idsOf(up)).toEqual(['submitted-trader-1-1', 'started-trader-1-1', 'finished-trader-1-1'])
    await expect
      .poll(() => app.health())
      .toMatchObject({ ready: true, checks: { 'channel down': 'paused: answered 503', 'channel up': 'ok' } })
    isDown = false
    await expect
      .poll(() => [...new Set(idsOf(down))], { timeout: 20_000 })
      .toEqual(['submitted-trader-1-1', 'started-trader-1-1', 'finished-trader-1-1'])
  })

  it('makes a refused event a dead letter that names it, and goes on', async () => {
    await using setting = await createSetting()
    const { publish, broker, notifier } = setting
    const sink = await setting.sink({ respond: (n) => (n === 1 ? 410 : 204) })
    await notifier([{ name: 'hook', url: sink.url }])
    const refused = await publish(TASK, 1, submitted(TASK, 1))
    await publish(TASK, 1, started(TASK, 1))
    await expect.poll(() => idsOf(sink)).toEqual(['submitted-trader-1-1', 'started-trader-1-1'])
    const letters = await createDeadLetters(broker).list({ limit: 10, signal: new AbortController().signal })
    expect(letters.map(({ letter }) => letter)).toEqual([
      {
        v: 1,
        durable: 'notifier',
        stream: 'TASKS',
        sequence: refused.seq,
        subject: 'task.trader.master.1',
        channel: 'hook',
        reason: 'rejected',
        tries: 1,
        text: 'task.submitted of trader-claude-agent-1-task1-attempt1: the channel answered 410',
      },
    ])
  })

  it('sends a refused event again when its letter is replayed, once, and says so on the letter', async () => {
    await using setting = await createSetting()
    const { publish, broker, notifier } = setting
    const sink = await setting.sink({ respond: () => 404 })
    const other = await setting.sink()
    const webhooks = [
      { name: 'hook', url: sink.url },
      { name: 'other', url: other.url },
    ]
    await notifier(webhooks)
    await notifier(webhooks)
    await publish(TASK, 1, submitted(TASK, 1))
    const letters = createDeadLetters(broker)
    const [kept] = await keptLetters(broker, 1)
    if (kept === undefined) throw new Error('a letter')
    await letters.replay(kept)
    await expect.poll(async () => (await letters.get(kept.seq))?.state.kind).toBe('failed')
    const [again] = await keptLetters(broker, 2)
    if (again === undefined) throw new Error('another letter')
    expect(again.letter).toMatchObject({ channel: 'hook', reason: 'rejected', sequence: kept.letter.sequence })
    sink.respondWith(() => 204)
    const asked = await Promise.all([letters.replay(again), letters.replay(again), letters.replay(again)])
    expect(asked.filter(Boolean)).toHaveLength(1)
    await expect.poll(async () => (await letters.get(again.seq))?.state.kind).toBe('handled')
    await publish(TASK, 1, started(TASK, 1))
    const told = 'submitted-trader-1-1'
    await expect.poll(() => idsOf(sink)).toEqual([told, told, told, 'started-trader-1-1'])
    await expect.poll(() => idsOf(other)).toEqual([told, 'started-trader-1-1'])
  })

  it('gives a replay up as a new letter where its channel is no longer there', async () => {
    await using setting = await createSetting()
    const { publish, broker, notifier } = setting
    const sink = await setting.sink({ respond: () => 404 })
    const before = await notifier([{ name: 'old', url: sink.url }])
    await publish(TASK, 1, submitted(TASK, 1))
    const [kept] = await keptLetters(broker, 1)
    if (kept === undefined) throw new Error('a letter')
    await before[Symbol.asyncDispose]()
    await notifier([{ name: 'new', url: sink.url }])
    await createDeadLetters(broker).replay(kept)
    const [again] = await keptLetters(broker, 2)
    expect(again?.letter).toMatchObject({ channel: 'old', text: expect.stringContaining('no channel "old" in the') })
    expect(sink.received.length).toBe(1)
  })

  it('does not lose a replay when the replica that calls is killed', async () => {
    await using setting = await createSetting()
    const { publish, broker, server, notifier } = setting
    const sink = await setting.sink({ respond: () => 404 })
    const webhook = { name: 'hook', url: sink.url }
    const first = await notifier([webhook])
    await publish(TASK, 1, submitted(TASK, 1))
    const [kept] = await keptLetters(broker, 1)
    if (kept === undefined) throw new Error('a letter')
    await first[Symbol.asyncDispose]()

    sink.respondWith(() => 'hang')
    await using replica = await spawnReplica(server, [webhook])
    const letters = createDeadLetters(broker)
    await letters.replay(kept)
    await expect.poll(() => sink.received.length).toBe(2)
    const clock = createTestClock()
    await notifier([webhook], clock)
    await replica.kill()
    sink.respondWith(() => 204)
    const waitASecond = async (): Promise<string | undefined> => {
      await clock.advance(1_000)
      return (await letters.get(kept.seq))?.state.kind
    }
    await expect.poll(waitASecond).toBe('handled')
    expect(idsOf(sink)).toEqual(Array.from({ length: 3 }, () => 'submitted-trader-1-1'))
  })

  it('sends once, however many replicas there are', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    const sink = await setting.sink()
    const webhook = { name: 'hook', url: sink.url }
    await notifier([webhook])
    await notifier([webhook])
    await Promise.all(
      tasks(10).map(async (task) => {
        await publish(task, 1, submitted(task, 1))
        await publish(task, 1, started(task, 1))
        await publish(task, 1, finished(task, 1))
      }),
    )
    await expect.poll(() => new Set(idsOf(sink)).size, { timeout: 20_000 }).toBe(30)
    expect(sink.received.length).toBe(30)
  })

  it('takes over from a replica that was killed while it told', async () => {
    await using setting = await createSetting()
    const { publish, broker, notifier } = setting
    const sink = await setting.sink()
    const documents = await openDocuments(broker, 'deliveries', DeliveryDocument)
    const { seq } = await publish(TASK, 1, submitted(TASK, 1))
    const key = deliveryKey('hook', TASK)
    await documents.create(key, {
      v: 1,
      channel: 'hook',
      ...TASK,
      dirty: seq,
      sent: seq - 1,
      holder: 'a dead replica',
      beat: 1,
    })
    const clock = createTestClock()
    await notifier([{ name: 'hook', url: sink.url }], clock)
    let seconds = 0
    const waitASecond = async (): Promise<readonly string[]> => {
      await clock.advance(1_000)
      seconds += 1
      return idsOf(sink)
    }
    await expect.poll(waitASecond, { timeout: 20_000 }).toEqual(['submitted-trader-1-1'])
    expect(seconds).toBeGreaterThan(20)
    await expect.poll(async () => (await documents.get(key))?.value).toMatchObject({ sent: seq, holder: NOBODY })
  })

  it('repeats one event at most, of all tasks, when a replica is killed between the call and its record', async () => {
    await using setting = await createSetting()
    const { publish, broker, server, notifier } = setting
    const sink = await setting.sink({ respond: () => 'hang' })
    const webhook = { name: 'hook', url: sink.url }
    await using replica = await spawnReplica(server, [webhook])
    const all = tasks(6)
    for (const task of all) await publish(task, 1, submitted(task, 1))
    await expect.poll(async () => await marked(broker), { timeout: 20_000 }).toBe(all.length)
    await expect.poll(() => sink.received.length, { timeout: 20_000 }).toBe(1)
    await replica.kill()

    sink.respondWith(() => 204)
    const clock = createTestClock()
    await notifier([webhook], clock)
    await publish(TASK, 1, started(TASK, 1))
    const waitASecond = async (): Promise<readonly string[]> => {
      await clock.advance(1_000)
      return idsOf(sink).filter((id) => id.includes(`-${TASK.taskId}-`))
    }
    const told = ['submitted-trader-1-1', 'submitted-trader-1-1', 'started-trader-1-1']
    await expect.poll(waitASecond, { timeout: 20_000 }).toEqual(told)
    expect(sink.received.length).toBe(all.length + 2)
  })

  it('tells from then on where a webhook is added, and nothing of before', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    const first = await setting.sink()
    const second = await setting.sink()
    const old = { name: 'first', url: first.url }
    const before = await notifier([old])
    await publish(TASK, 1, submitted(TASK, 1))
    await expect.poll(() => first.received.length).toBe(1)
    await before[Symbol.asyncDispose]()
    await notifier([old, { name: 'second', url: second.url }])
    await publish(TASK, 1, started(TASK, 1))
    await expect.poll(() => idsOf(second)).toEqual(['started-trader-1-1'])
    await expect.poll(() => idsOf(first)).toEqual(['submitted-trader-1-1', 'started-trader-1-1'])
  })

  it('tells what was submitted before the first notifier ever started', async () => {
    await using setting = await createSetting()
    const { publish, notifier } = setting
    const sink = await setting.sink()
    await publish(TASK, 1, submitted(TASK, 1))
    await notifier([{ name: 'hook', url: sink.url }])
    await expect.poll(() => idsOf(sink)).toEqual(['submitted-trader-1-1'])
  })

  it('loses nothing and repeats nothing when the broker is killed and comes back', async () => {
    await using setting = await createSetting({ sync: true })
    const { publish, broker, notifier } = setting
    const sink = await setting.sink()
    const app = await notifier([{ name: 'hook', url: sink.url }])
    await publish(TASK, 1, submitted(TASK, 1))
    await expect.poll(() => sink.received.length).toBe(1)
    await setting.server.restart()
    await expect.poll(() => app.health().ready, { timeout: 20_000 }).toBe(true)
    await expect.poll(() => broker.connected, { timeout: 20_000 }).toBe(true)
    await publish(TASK, 1, started(TASK, 1))
    await expect.poll(() => idsOf(sink), { timeout: 20_000 }).toEqual(['submitted-trader-1-1', 'started-trader-1-1'])
  })
})
