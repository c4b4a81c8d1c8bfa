/** Declares one durable and pulls from it, across disconnects and the loss of the consumer, never more than it can hold. */
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JsMsg,
  ReplayPolicy,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { backoffMs, type Clock, describeError, systemClock } from '../../core/index.ts'
import { ask } from '../connection/broker-errors.ts'
import type { Broker, BrokerLog } from '../connection/connection.ts'
import { untilConnected } from '../streams/stream-reader.ts'

export interface DurablePullOptions {
  readonly broker: Broker
  readonly stream: string
  readonly durable: string
  readonly subjects?: readonly string[]
  /** Messages held at once, waiting ones included. */
  readonly capacity: number
  readonly logger: BrokerLog
  /** For the pause after an interruption. */
  readonly clock: Clock
  /** Handles and settles one message; must not reject. */
  readonly take: (taken: Taken) => Promise<void>
}

export interface Taken {
  readonly message: JsMsg
  /** Acknowledges it soon, together with others, and before the consumer ends. */
  readonly ack: () => void
  /** Aborted when the consumer stops. */
  readonly signal: AbortSignal
}

export interface DurablePull extends AsyncDisposable {
  /** `ok`, or what is wrong. */
  health(): string
  /** Settles when pulling has ended: rejects when it cannot go on, fulfils after disposal. */
  readonly ended: Promise<void>
}

/** What a killed replica had in hand comes to another one after this long. */
const ACK_WAIT_MS = 10_000
/** Three chances to say that the work goes on before the broker gives the message to somebody else. */
const WORKING_MS = 3000
const PULL_EXPIRES_MS = 30_000
const IDLE_HEARTBEAT_MS = 5000
const RETRY = { firstMs: 100, maxMs: 5000 }
const CLOSE_LIMIT_MS = 10_000
const CONSUMER_EXISTS = 10_148

/** @throws what makes the declaration fail for good; RetryableError BROKER_UNAVAILABLE */
export async function startDurablePull(options: DurablePullOptions): Promise<DurablePull> {
  const pull = new Pull(options)
  const consumer = await declareDurable(options)
  pull.start(consumer)
  return pull
}

class Pull implements DurablePull {
  readonly #options: DurablePullOptions
  readonly #stopping = new AbortController()
  readonly #held = new Map<number, JsMsg>()
  #problem: string | undefined
  #roomMade: (() => void) | undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(options: DurablePullOptions) {
    this.#options = options
  }

  get ended(): Promise<void> {
    return this.#ended
  }

  health(): string {
    if (!this.#options.broker.connected) return 'disconnected from the broker'
    return this.#problem ?? 'ok'
  }

  start(consumer: Consumer): void {
    this.#ended = this.#run(consumer)
  }

  async #run(declared: Consumer): Promise<void> {
    const { signal } = this.#stopping
    const { broker, durable, logger, clock } = this.#options
    const working = setInterval(() => this.#sayWorking(), WORKING_MS)
    let consumer: Consumer | undefined = declared
    let failures = 0
    try {
      while (await untilConnected(broker, signal)) {
        try {
          consumer ??= await declareDurable(this.#options)
          this.#problem = undefined
          await this.#pullFrom(consumer)
          failures = 0
        } catch (error) {
          if (signal.aborted) break
          failures += 1
          this.#problem = describeError(error)
          logger.warn({ durable, error: this.#problem }, 'pulling from a durable was interrupted')
          await clock.sleep(backoffMs(failures, RETRY), signal).catch(() => undefined)
        }
        consumer = undefined
      }
    } finally {
      await this.#letGo()
      clearInterval(working)
    }
  }

  /** Until disconnected or stopped. @throws when the consumer is lost */
  async #pullFrom(consumer: Consumer): Promise<void> {
    const { broker, capacity } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted && broker.connected) {
      const messages = await consumer.fetch({
        max_messages: capacity - this.#held.size,
        expires: PULL_EXPIRES_MS,
        idle_heartbeat: IDLE_HEARTBEAT_MS,
      })
      await this.#takeAll(messages)
      await this.#room()
    }
  }

  async #takeAll(messages: ConsumerMessages): Promise<void> {
    const { signal } = this.#stopping
    const stop = (): void => messages.stop()
    const forget = this.#options.broker.onChange(stop)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted || !this.#options.broker.connected) stop()
    try {
      for await (const message of messages) this.#take(message)
    } finally {
      forget()
      signal.removeEventListener('abort', stop)
    }
  }

  #take(message: JsMsg): void {
    // Delivered again while still in hand, as after a disconnect: what settles the first settles both.
    if (this.#held.has(message.seq)) return
    this.#held.set(message.seq, message)
    const ack = (): void => this.#options.broker.acks.add(message)
    void this.#options.take({ message, ack, signal: this.#stopping.signal }).finally(() => {
      this.#held.delete(message.seq)
      this.#roomMade?.()
    })
  }

  /** Waits until half of the capacity is free, so that pulls stay few. */
  async #room(): Promise<void> {
    while (this.#held.size > this.#options.capacity / 2 && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve
      })
    }
  }

  #sayWorking(): void {
    if (!this.#options.broker.connected) return
    for (const message of this.#held.values()) message.working()
  }

  /** Running handlers may end; what they leave over comes again after the broker's wait. */
  async #letGo(): Promise<void> {
    const { broker, durable, logger } = this.#options
    const deadline = AbortSignal.timeout(CLOSE_LIMIT_MS)
    while (this.#held.size > 0 && !deadline.aborted) {
      const freed = new Promise<void>((resolve) => {
        this.#roomMade = resolve
      })
      await Promise.race([freed, systemClock.sleep(CLOSE_LIMIT_MS, deadline).catch(() => undefined)])
    }
    if (this.#held.size > 0) logger.warn({ durable, messages: this.#held.size }, 'handlers did not end in time')
    broker.acks.flush()
    if (broker.connected) await broker.nc.flush().catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the consumer stops'))
    this.#roomMade?.()
    await this.#ended.catch(() => undefined)
  }
}

async function declareDurable(options: DurablePullOptions): Promise<Consumer> {
  const { broker, stream, durable } = options
  const config = durableConfig(options)
  const info = await ask(broker, `declaring the durable ${durable}`, async () => {
    try {
      return await broker.jsm.consumers.add(stream, config)
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error
      // From where it began is not changed: a restore lets it begin where the one before had come to.
      const { deliver_policy: _, ...changes } = config
      return await broker.jsm.consumers.update(stream, durable, changes)
    }
  })
  return broker.js.consumers.getConsumerFromInfo(info)
}

/** Deliveries are unlimited: only our own settling counts and gives up. */
function durableConfig({
  durable,
  subjects,
}: Pick<DurablePullOptions, 'durable' | 'subjects'>): Partial<ConsumerConfig> {
  return {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_deliver: -1,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ...(subjects === undefined ? {} : { filter_subjects: [...subjects] }),
  }
}
