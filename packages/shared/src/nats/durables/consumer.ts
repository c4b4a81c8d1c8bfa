import { replaySubject } from '../../contracts/index.ts'
import type { Clock } from '../../core/index.ts'
import type { Broker, BrokerLog } from '../connection/connection.ts'
import { createDeadLetters } from '../dead-letters/dead-letters.ts'
import type { Arrival, Delivery, Handler, ReplayHandler, StoredEvent } from '../ports.ts'
import { readMessage } from '../streams/event-reading.ts'
import { DEADLETTERS } from '../topology/topology-streams.ts'
import { startDurablePull } from './durable-pull.ts'
import { createMessageHandling } from './message-handling.ts'
import { takeReplay } from './replays.ts'

export interface DurableOptions {
  readonly broker: Broker
  readonly stream: 'TASKS' | 'PROGRESS'
  /** Name shared by all replicas of the service: each message goes to one of them. */
  readonly durable: string
  /** Filters; all of the stream when left out. */
  readonly subjects?: readonly string[]
  /** Handlers that run at once. */
  readonly concurrency: number
  /**
   * Messages of one key are handled one at a time, in the order in which they come. One that comes again after a failure
   * may come after later ones of its key, and another replica may handle the same key meanwhile.
   */
  readonly keyOf: (stored: StoredEvent) => string
  readonly handler: Handler
  /** For what a person asked to have handled again; `handler` when left out. */
  readonly replayHandler?: ReplayHandler
  /** Called for each message as it comes, in the order in which they come. */
  readonly onArrival?: (arrival: Arrival) => void
  /** Called before a message is dead-lettered; when it throws, the message comes again instead. */
  readonly onDeadLetter?: (delivery: Delivery, error: unknown) => Promise<void>
  readonly logger: BrokerLog
  readonly clock: Clock
}

/** A running consumer and its replays. Disposing stops intake, lets running handlers end, gives the rest back. */
export interface Durable extends AsyncDisposable {
  /** `ok`, or what is wrong. */
  health(): string
  /** Never fulfils; rejects when the consumer cannot go on. */
  readonly failed: Promise<never>
}

/** Messages in hand for each handler that may run: enough to keep them busy, few enough to leave for other replicas. */
const HELD_PER_HANDLER = 4
const REPLAYS_HELD = 4

/**
 * Declares the durable (the one place that does) and its second one for replays, and handles their messages until
 * disposed.
 * @throws RetryableError BROKER_UNAVAILABLE
 */
export async function runDurable(options: DurableOptions): Promise<Durable> {
  const { broker, stream, durable, subjects, concurrency, onArrival, logger, clock } = options
  const letters = createDeadLetters(broker)
  const handling = createMessageHandling({ ...options, letters, random: Math.random })
  await using stack = new AsyncDisposableStack()
  const main = stack.use(
    await startDurablePull({
      broker,
      stream,
      durable,
      ...(subjects === undefined ? {} : { subjects }),
      capacity: concurrency * HELD_PER_HANDLER,
      logger,
      clock,
      take: ({ message, ack, signal }) => {
        const { seq, subject, headers: trace, info } = message
        const read = readMessage(message)
        const stored = read.kind === 'event' ? read.stored : undefined
        onArrival?.({ delivery: info.deliverySequence, seq, isFirst: info.deliveryCount === 1, stored })
        return handling.handle({ message, ack, signal, about: { stream, seq, subject }, read, trace })
      },
    }),
  )
  const replays = stack.use(
    await startDurablePull({
      broker,
      stream: DEADLETTERS,
      durable: `${durable}-replay`,
      subjects: [replaySubject(durable, '*')],
      capacity: REPLAYS_HELD,
      logger,
      clock,
      take: (taken) => takeReplay({ durable, letters, handling, logger }, taken),
    }),
  )
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  for (const { ended } of [main, replays]) ended.catch(failed.reject)
  const owned = stack.move()
  return {
    health: () => [main.health(), replays.health()].find((health) => health !== 'ok') ?? 'ok',
    failed: failed.promise,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
