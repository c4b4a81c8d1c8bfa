import { randomUUID } from 'node:crypto'
import { DeliveryDocument } from '@orchestrator/shared/contracts'
import { type Clock, RetryableError } from '@orchestrator/shared/core'
import {
  type Broker,
  createDeadLetters,
  createLedger,
  type Documents,
  expireDocuments,
  openDocuments,
  runDurable,
} from '@orchestrator/shared/nats'
import {
  type App,
  type AppContext,
  createBackgroundLoops,
  type Health,
  healthOf,
  openBroker,
  reportHealth,
  thisProcess,
} from '@orchestrator/shared/service'
import packageJson from '../package.json' with { type: 'json' }
import type { Channel } from './channels/port.ts'
import { createWebhookChannel, WEBHOOK_TIMEOUT_MS } from './channels/webhook.ts'
import type { NotifierConfig } from './config.ts'
import { createDeliveryRecords } from './deliveries/delivery-records.ts'
import { type ForgetOptions, forgetDeliveries, isForgettable } from './deliveries/forget-deliveries.ts'
import { createLetters } from './letters.ts'
import { patienceAmong } from './patience.ts'
import { taskOfSubject, TOLD_SUBJECTS } from './routing.ts'
import { startOfChannel } from './telling/channel-start.ts'
import { type ChannelTeller, createChannelTeller } from './telling/channel-teller.ts'
import { ChannelDocument } from './telling/first-word.ts'
import { createMarkHandler, createReplayHandler } from './telling/marking.ts'
import { createRecentEvents } from './telling/recent-events.ts'
import type { TellerWorld } from './telling/tell-task.ts'

const DURABLE = 'notifier'
/** Events marked, or told without a mark, at the same time: as many as one channel may call at once. */
const MARK_CONCURRENCY = 64
const LOOK_EVERY_MS = 1_000

/** Wires the notifier. Any number of replicas may run. */
export async function createNotifierApp({ config, settings, logger, clock }: AppContext<NotifierConfig>): Promise<App> {
  await using stack = new AsyncDisposableStack()
  const starting = new AbortController()
  const broker = stack.use(await openBroker({ config, name: DURABLE, logger, signal: starting.signal }))
  const ledger = await createLedger(broker)
  const documents = await openDocuments(broker, 'deliveries', DeliveryDocument)
  const recent = createRecentEvents()
  stack.defer(broker.onChange(() => recent.forget()))
  const world: TellerWorld = {
    records: createDeliveryRecords(documents),
    ledger,
    recent,
    letters: createLetters(createDeadLetters(broker), DURABLE),
    holder: randomUUID(),
    clock,
    random: Math.random,
    logger,
  }
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  const channels = settings.channels.webhooks.map((webhook) => ({
    channel: stack.use(createWebhookChannel({ settings: webhook, timeoutMs: WEBHOOK_TIMEOUT_MS, clock })),
    concurrency: webhook.concurrency,
  }))
  const tellers = await startTellers(broker, world, channels)
  for (const teller of tellers) stack.use(teller)
  loops.start('deliveries', async (signal) => await watchDeliveries({ documents, tellers, signal }))
  loops.start(
    'old deliveries',
    async (signal) => await forgetDeliveries({ expire: expireIn(broker), clock, logger }, signal),
  )
  loops.start('leases', async (signal) => await lookAgain({ tellers, clock, signal }))
  const durable = stack.use(
    await runDurable({
      broker,
      stream: 'TASKS',
      durable: DURABLE,
      subjects: TOLD_SUBJECTS,
      concurrency: MARK_CONCURRENCY,
      keyOf: taskOfSubject,
      onArrival: (arrival) => recent.arrive(arrival),
      handler: createMarkHandler(tellers),
      replayHandler: createReplayHandler(tellers),
      logger,
      clock,
    }),
  )
  const health = (): Health => {
    const { ready, checks } = healthOf({
      broker: broker.connected ? 'ok' : 'disconnected',
      events: durable.health(),
      ...loops.checks(),
    })
    const sinks = Object.fromEntries(tellers.map((teller) => [`channel ${teller.name}`, teller.status()]))
    // A sink that is down is shown, but it is no fault of this service.
    return { ready, checks: { ...checks, ...sinks } }
  }
  const { version } = packageJson
  stack.use(reportHealth({ service: DURABLE, replica: thisProcess(), version, health, broker, clock }))
  const running = stack.move()
  return {
    name: DURABLE,
    health,
    failed: Promise.race([durable.failed, loops.failed, lostBroker(broker)]),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

async function startTellers(
  broker: Broker,
  world: TellerWorld,
  channels: readonly { readonly channel: Channel; readonly concurrency: number }[],
): Promise<readonly ChannelTeller[]> {
  const documents = await openDocuments(broker, 'deliveries', ChannelDocument)
  const patience = patienceAmong(channels.length)
  return await Promise.all(
    channels.map(async ({ channel, concurrency }) => {
      const since = await startOfChannel({ documents, channel: channel.name, nextSeq: () => nextSeq(broker) })
      return createChannelTeller({ world, channel, since, concurrency, patience })
    }),
  )
}

/** Every event below it was handled by some replica, before this one started. */
async function nextSeq({ jsm }: Broker): Promise<number> {
  for await (const consumer of jsm.consumers.list('TASKS')) {
    if (consumer.name === DURABLE) return consumer.ack_floor.stream_seq + 1
  }
  return 1
}

const DELIVERIES = '*.*.*.*'

function expireIn(broker: Broker): ForgetOptions['expire'] {
  const which = { bucket: 'deliveries', schema: DeliveryDocument, filter: DELIVERIES, mayGo: isForgettable } as const
  return async (maxAgeMs, signal) => await expireDocuments(broker, { ...which, maxAgeMs, signal })
}

interface Watching {
  readonly documents: Documents<DeliveryDocument>
  readonly tellers: readonly ChannelTeller[]
  readonly signal: AbortSignal
}

async function watchDeliveries({ documents, tellers, signal }: Watching): Promise<void> {
  const byName = new Map(tellers.map((teller) => [teller.name, teller]))
  for await (const seen of documents.watch(signal, DELIVERIES)) byName.get(seen.key.split('.')[0] ?? '')?.observe(seen)
}

async function lookAgain({
  tellers,
  clock,
  signal,
}: {
  tellers: readonly ChannelTeller[]
  clock: Clock
  signal: AbortSignal
}): Promise<void> {
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal)
    for (const teller of tellers) teller.look()
  }
}

/** Rejects when the connection ended without being asked to. */
async function lostBroker(broker: Broker): Promise<never> {
  const cause = await broker.closed
  if (cause === undefined) return await new Promise<never>(() => undefined)
  throw new RetryableError('BROKER_UNAVAILABLE', 'the connection to the broker is closed', { cause })
}
