import type { JsMsg, StreamInfo } from '@nats-io/jetstream'
import type { LedgerEvent } from '../../contracts/index.ts'
import { backoffMs, hasCode, systemClock } from '../../core/index.ts'
import { ask, unavailable } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { createOwnMessages } from '../connection/own-messages.ts'
import type { StreamMessage } from '../connection/publisher.ts'
import type {
  ConditionalPublish,
  Decision,
  FollowOptions,
  Ledger,
  Published,
  ScanOptions,
  StoredEvent,
  SubjectHistory,
} from '../ports.ts'
import { isLedgerEvent, readMessage, readOrLog, readStrictly } from '../streams/event-reading.ts'
import type { StreamSource } from '../streams/reader-session.ts'
import { followStream, scanStream } from '../streams/stream-reader.ts'
import {
  DEFAULT_LEDGER_MAX_BYTES,
  GENERATION_KEY,
  LEDGER_MAX_BYTES_KEY,
  TASKS,
  VIEWS_KEY,
} from '../topology/topology-streams.ts'
import { type Attempted, encodeLedgerEvent, NO_TRIES, nextTry, readAck, readFault } from './ledger-publish.ts'
import { ledgerRoom } from './ledger-room.ts'

export interface LedgerOptions {
  /** The ledger's share of the store; what the topology was declared with when left out. */
  readonly ledgerMaxBytes?: number
}

const AHEAD = 500
/** Room that headers and protocol take of the largest message that the broker accepts. */
const HEADER_BYTES = 4096
const DEFAULT_MAX_PAYLOAD = 1024 * 1024

/** @throws RetryableError BROKER_UNAVAILABLE */
export async function createLedger(broker: Broker, options: LedgerOptions = {}): Promise<Ledger> {
  const ledger = new JetStreamLedger(broker, options)
  await ledger.refresh()
  return ledger
}

type Stored = StoredEvent<LedgerEvent>
type Step<T> = Exclude<Attempted, { kind: 'stored' }> | { readonly kind: 'done'; readonly published: Published<T> }

class JetStreamLedger implements Ledger {
  readonly #broker: Broker
  readonly #source: StreamSource
  readonly #options: LedgerOptions
  readonly #own = createOwnMessages<LedgerEvent>()
  #generation = 1
  #views = 0

  constructor(broker: Broker, options: LedgerOptions) {
    this.#broker = broker
    this.#options = options
    this.#source = { broker, stream: TASKS, ahead: AHEAD }
  }

  /** As of the last question to the stream: `lastSeq` and `room` ask it, so an epoch made after them is right. */
  get generation(): number {
    return this.#generation
  }

  get views(): number {
    return this.#views
  }

  async outdateViews(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    const { config } = await this.refresh()
    const metadata = { ...config.metadata, [VIEWS_KEY]: String(this.#views + 1) }
    const broker = this.#broker
    await ask(broker, 'ordering new views', () => broker.jsm.streams.update(TASKS, { metadata }))
    await this.refresh()
    return this.#views
  }

  async refresh(): Promise<StreamInfo> {
    const broker = this.#broker
    const info = await ask(broker, 'asking for the state of the ledger', () => broker.jsm.streams.info(TASKS))
    this.#generation = Number(info.config.metadata?.[GENERATION_KEY] ?? 1)
    this.#views = Number(info.config.metadata?.[VIEWS_KEY] ?? 0)
    return info
  }

  async publish<T>(request: ConditionalPublish<T>): Promise<Published<T>> {
    let tries = NO_TRIES
    let decision = request.optimistic
    let cause: unknown
    for (;;) {
      request.signal.throwIfAborted()
      const step = await this.#step(request, { decision, doubtful: tries.unknown > 0 })
      decision = undefined
      if (step.kind === 'done') return step.published
      if (step.kind === 'failed') throw step.error
      if (step.kind === 'unknown') cause = step.cause
      const silent = tries.silent + (step.kind === 'unknown' && step.silent === true ? 1 : 0)
      tries = { ...tries, silent, [step.kind]: tries[step.kind] + 1 }
      const next = nextTry(tries, cause)
      await systemClock.sleep(backoffMs(next.tries, next.backoff), request.signal)
    }
  }

  /** @param from `doubtful`: an earlier publish of this request may have been stored */
  async #step<T>(
    request: ConditionalPublish<T>,
    from: { readonly decision: Decision<T> | undefined; readonly doubtful: boolean },
  ): Promise<Step<T>> {
    try {
      const decision = from.decision ?? (await this.#decide(request))
      if (decision.kind !== 'publish') return { kind: 'done', published: decision }
      const step = await this.#send<T>(request.subject, decision)
      const silent = from.decision === undefined && this.#broker.connected
      return step.kind === 'unknown' ? { ...step, silent } : step
    } catch (error) {
      if (from.doubtful && hasCode(error, 'BROKER_UNAVAILABLE')) return { kind: 'unknown', cause: error }
      throw error
    }
  }

  async #decide<T>({ subject, eventId, decide, signal }: ConditionalPublish<T>): Promise<Decision<T> | Published<T>> {
    const history = await this.read(subject, signal)
    const own = history.events.find(({ event }) => event.id === eventId)
    return own === undefined ? decide(history) : { kind: 'stored', stored: own }
  }

  async #send<T>(subject: string, { event, expectedSeq }: Extract<Decision<T>, { kind: 'publish' }>): Promise<Step<T>> {
    const { nc } = this.#broker
    const data = encodeLedgerEvent(event, (nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD) - HEADER_BYTES)
    this.#own.remember(subject, data, event)
    const attempted = await this.#attempt({ subject, data, stream: TASKS, expectedSeq })
    if (attempted.kind !== 'stored') return attempted
    // The acknowledgement carries no time: until it is read from the stream, ours stands for the broker's.
    const stored = { seq: attempted.seq, subject, time: new Date(), event }
    return { kind: 'done', published: { kind: 'stored', stored } }
  }

  async #attempt(message: StreamMessage): Promise<Attempted> {
    // Nothing has been sent yet: there is nothing to doubt.
    if (!this.#broker.connected) throw unavailable('publishing while disconnected')
    try {
      return readAck(await this.#broker.publish(message))
    } catch (error) {
      return readFault(error)
    }
  }

  async read(subject: string, signal: AbortSignal, known?: SubjectHistory): Promise<SubjectHistory> {
    const broker = this.#broker
    const events: Stored[] = [...(known?.events ?? [])]
    let lastSeq = known?.lastSeq ?? 0
    for (;;) {
      signal.throwIfAborted()
      if (events.at(-1)?.event.type === 'attempt.finished') return { subject, events, lastSeq }
      const query = { seq: lastSeq + 1, next_by_subj: subject }
      const message = await ask(broker, `reading ${subject}`, () => broker.jsm.streams.getMessage(TASKS, query))
      if (message === null) return { subject, events, lastSeq }
      lastSeq = message.seq
      const stored = readStrictly(message)
      if (stored !== undefined) events.push(stored)
    }
  }

  async get(seq: number, signal: AbortSignal): Promise<Stored | undefined> {
    signal.throwIfAborted()
    if (seq < 1) return undefined
    const broker = this.#broker
    const message = await ask(broker, `reading the ledger at ${seq}`, () =>
      broker.jsm.streams.getMessage(TASKS, { seq }),
    )
    const read = message === null ? undefined : readMessage(message)
    return read?.kind === 'event' && isLedgerEvent(read.stored) ? read.stored : undefined
  }

  async lastSeq(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    const { state } = await this.refresh()
    return state.last_seq
  }

  async room(signal: AbortSignal): Promise<{ readonly freeBytes: number; readonly freeShare: number }> {
    signal.throwIfAborted()
    const broker = this.#broker
    const [{ config, state }, account] = await Promise.all([
      this.refresh(),
      ask(broker, 'asking for the use of the account', () => broker.jsm.getAccountInfo()),
    ])
    const declared = Number(config.metadata?.[LEDGER_MAX_BYTES_KEY] ?? DEFAULT_LEDGER_MAX_BYTES)
    return ledgerRoom({
      usedBytes: state.bytes,
      ledgerMaxBytes: this.#options.ledgerMaxBytes ?? declared,
      replicas: config.num_replicas,
      accountLimit: account.limits.max_storage,
      accountUsed: account.storage,
    })
  }

  async *scan(options: ScanOptions): AsyncGenerator<Stored> {
    for await (const message of scanStream(this.#source, options)) {
      const stored = readOrLog(message, { logger: this.#broker.logger, refuse: options.refuse })
      if (stored !== undefined && isLedgerEvent(stored)) yield stored
    }
  }

  async *follow(options: FollowOptions): AsyncGenerator<Stored> {
    const reading = { logger: this.#broker.logger, onPassedOver: options.onPassedOver }
    for await (const message of followStream(this.#source, options)) {
      const stored = this.#readOwn(message) ?? readOrLog(message, reading)
      if (stored !== undefined && isLedgerEvent(stored)) yield stored
    }
  }

  #readOwn({ seq, subject, time, data }: JsMsg): Stored | undefined {
    const event = this.#own.recall(subject, data)
    return event === undefined ? undefined : { seq, subject, time, event }
  }
}
