/** One short-lived consumer: delivers in order from a sequence on, and ends when it is lost. */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type ConsumerMessages,
  type ConsumerNotification,
  DeliverPolicy,
  type JsMsg,
  ReplayPolicy,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { ask } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'

export interface StreamSource {
  readonly broker: Broker
  readonly stream: string
  /** Messages asked for ahead of the reader: few where they are large. */
  readonly ahead: number
}

export interface SessionOptions {
  readonly subjects?: readonly string[]
  readonly lastPerSubject?: boolean
  /** Lower sequences are passed over. */
  readonly next: number
  /** Called once everything that was stored at the beginning has been taken, and the reader asks for more. */
  readonly onCaughtUp?: () => void
  readonly signal: AbortSignal
}

export interface ReaderSession extends AsyncDisposable {
  /** Sequence of the last matching message as the stream's leader knew it at the beginning; 0 for none. */
  readonly target: number
  /** Messages that the consumer's own replica had to deliver at the beginning. */
  readonly pending: number
  /** Ends without an error when the consumer is lost or the signal aborts. */
  messages(): AsyncGenerator<JsMsg>
}

const IDLE_HEARTBEAT_MS = 5000
/** The broker drops the consumer when nobody has read from it for this long. */
const INACTIVE_MS = 60_000

/** @throws RetryableError BROKER_UNAVAILABLE */
export async function openReaderSession(source: StreamSource, options: SessionOptions): Promise<ReaderSession> {
  const { broker, stream } = source
  const info = await ask(broker, `reading ${stream}`, () => broker.jsm.consumers.add(stream, consumerConfig(options)))
  // After the consumer was made, else a subject that moves now would lie beyond the target. Asked of the leader, because
  // the consumer may live on a replica that is behind and believes itself to be at the end.
  const target = await lastMatching(source, options.subjects)
  return {
    target,
    pending: info.num_pending,
    messages: () => inOrder(source, { info, target, options }),
    [Symbol.asyncDispose]: async () => {
      // Only a courtesy: the broker drops it by itself after a while.
      if (broker.connected) await broker.jsm.consumers.delete(stream, info.name).catch(() => undefined)
    },
  }
}

async function lastMatching({ broker, stream }: StreamSource, subjects: readonly string[] = ['>']): Promise<number> {
  const found = await Promise.all(
    subjects.map((subject) =>
      ask(broker, `reading ${stream}`, () => broker.jsm.streams.getMessage(stream, { last_by_subj: subject })),
    ),
  )
  return Math.max(0, ...found.map((message) => message?.seq ?? 0))
}

interface Reading {
  readonly info: ConsumerInfo
  readonly target: number
  readonly options: SessionOptions
}

async function* inOrder(source: StreamSource, { info, target, options }: Reading): AsyncGenerator<JsMsg> {
  let delivered = 0
  let caughtUp = target < options.next
  if (caughtUp) options.onCaughtUp?.()
  for await (const message of consume(source, { info, signal: options.signal })) {
    delivered += 1
    // A hole in the deliveries: the rest of this consumer is of no use.
    if (message.info.deliverySequence !== delivered) return
    if (message.seq >= options.next) yield message
    if (!caughtUp && message.seq >= target) {
      caughtUp = true
      options.onCaughtUp?.()
    }
  }
}

interface Consuming {
  readonly info: ConsumerInfo
  readonly signal: AbortSignal
}

async function* consume({ broker, ahead }: StreamSource, { info, signal }: Consuming): AsyncGenerator<JsMsg> {
  const consumer = broker.js.consumers.getConsumerFromInfo(info)
  const messages = await consumer.consume({ max_messages: ahead, idle_heartbeat: IDLE_HEARTBEAT_MS, bind: true })
  const release = stopWhenLost(messages, { broker, signal })
  try {
    for await (const message of messages) {
      if (signal.aborted) return
      yield message
    }
  } finally {
    release()
  }
}

function consumerConfig({ subjects, lastPerSubject, next }: SessionOptions): Partial<ConsumerConfig> {
  return {
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(INACTIVE_MS),
    // The broker wants a filter where it delivers the last of each subject.
    ...(subjects === undefined && lastPerSubject !== true ? {} : { filter_subjects: [...(subjects ?? ['>'])] }),
    ...(lastPerSubject === true
      ? { deliver_policy: DeliverPolicy.LastPerSubject }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, next) }),
  }
}

const LOST: readonly ConsumerNotification['type'][] = [
  'heartbeats_missed',
  'consumer_not_found',
  'consumer_deleted',
  'stream_not_found',
  'no_responders',
]

/** Stops the messages at the first sign that no more will come; what is buffered is still handed out. */
function stopWhenLost(
  messages: ConsumerMessages,
  { broker, signal }: { readonly broker: Broker; readonly signal: AbortSignal },
): () => void {
  const stop = (): void => messages.stop()
  const forget = broker.onChange(stop)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted || !broker.connected) stop()
  void watchNotifications(messages)
  return () => {
    forget()
    signal.removeEventListener('abort', stop)
  }
}

async function watchNotifications(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) {
    if (LOST.includes(type)) messages.stop()
  }
}
