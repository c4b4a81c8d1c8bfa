/** The one place that settles messages: calls the handler, asks `settle` what to do, and does it. */
import type { MsgHdrs } from '@nats-io/nats-core'
import type { ReplayEnd } from '../../contracts/index.ts'
import { createKeyedQueue, describeError } from '../../core/index.ts'
import type { BrokerLog } from '../connection/connection.ts'
import { inTraceOf } from '../connection/trace-headers.ts'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import type { Delivery, Handler, Replayed, ReplayHandler, StoredEvent } from '../ports.ts'
import type { ReadMessage } from '../streams/event-reading.ts'
import type { Taken } from './durable-pull.ts'
import { createFailureCounts } from './failure-counts.ts'
import { createLimiter } from './limiter.ts'
import { countsAsFailure, type Outcome, settle, type Settlement } from './settle.ts'

export interface HandlingOptions {
  readonly letters: Pick<DeadLetters, 'add' | 'end'>
  readonly durable: string
  readonly concurrency: number
  readonly keyOf: (stored: StoredEvent) => string
  readonly handler: Handler
  /** `handler` when left out. */
  readonly replayHandler?: ReplayHandler
  readonly onDeadLetter?: (delivery: Delivery, error: unknown) => Promise<void>
  readonly logger: BrokerLog
  readonly random: () => number
}

/** A message to settle, and the stored message that it is about: the same, unless it is a replay. */
export interface Work extends Taken {
  readonly about: { readonly stream: string; readonly seq: number; readonly subject: string }
  readonly read: ReadMessage
  /** Headers of the stored message. */
  readonly trace: MsgHdrs | undefined
  readonly replay?: ReplayOf
}

/** The letter whose message is handled once more. */
export interface ReplayOf {
  readonly letter: number
  readonly channel: string | undefined
}

export interface MessageHandling {
  /** Never rejects. */
  handle(work: Work): Promise<void>
}

/** After a letter, or the end of a replay, that could not be written. */
const SETTLE_RETRY_MS = 5000

export function createMessageHandling(options: HandlingOptions): MessageHandling {
  const queue = createKeyedQueue()
  const limiter = createLimiter(options.concurrency)
  const failures = createFailureCounts()
  const process = async (work: Work): Promise<void> => {
    const outcome = await outcomeOf(options, work)
    const { about, message, replay } = work
    const id = `${about.stream}/${about.seq}/${replay?.letter ?? ''}`
    const settlement = settle(outcome, {
      failures: failures.count(id, countsAsFailure(outcome)),
      deliveries: message.info.deliveryCount,
      random: options.random,
    })
    if (settlement.kind !== 'nak') failures.forget(id)
    await carryOut(options, { work, outcome, settlement })
  }
  return {
    handle: async (work) => {
      try {
        const { read } = work
        if (read.kind === 'event') await queue.run(options.keyOf(read.stored), () => limiter.run(() => process(work)))
        else await process(work)
      } catch (error) {
        // Settling itself failed, as it does on a closed connection: the broker gives the message out again.
        options.logger.error(
          { durable: options.durable, seq: work.about.seq, error: describeError(error) },
          'a message was not settled',
        )
      }
    },
  }
}

async function outcomeOf(options: HandlingOptions, work: Work): Promise<Outcome> {
  const { read, message, trace, replay, signal } = work
  if (read.kind !== 'event') return read
  if (signal.aborted) return { kind: 'stopped' }
  try {
    const delivery = { stored: read.stored, tries: message.info.deliveryCount, signal }
    return { kind: 'done', replayed: await inTraceOf(trace, () => callHandler(options, delivery, replay)) }
  } catch (error) {
    return signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error }
  }
}

async function callHandler(
  { handler, replayHandler }: HandlingOptions,
  delivery: Delivery,
  replay: ReplayOf | undefined,
): Promise<Replayed> {
  if (replay !== undefined && replayHandler !== undefined) return await replayHandler({ ...delivery, ...replay })
  await handler(delivery)
  return { kind: 'handled' }
}

interface Settling {
  readonly work: Work
  readonly outcome: Outcome
  readonly settlement: Settlement
}

async function carryOut(options: HandlingOptions, settling: Settling): Promise<void> {
  const { work, outcome, settlement } = settling
  logFailure(options, settling)
  switch (settlement.kind) {
    case 'ack':
      return acknowledge(options, work, outcome)
    case 'nak':
      return work.message.nak(settlement.delayMs)
    case 'deadLetter':
      return bury(options, { work, outcome, settlement })
  }
}

function logFailure({ logger, durable }: HandlingOptions, { work, outcome, settlement }: Settling): void {
  if (outcome.kind === 'done' || outcome.kind === 'foreign' || outcome.kind === 'stopped') return
  const { seq, subject } = work.about
  const error = outcome.kind === 'failed' ? describeError(outcome.error) : outcome.kind
  const details = {
    durable,
    seq,
    subject,
    error,
    settlement: settlement.kind,
    deliveries: work.message.info.deliveryCount,
  }
  if (settlement.kind === 'deadLetter') logger.error(details, 'a message is given up')
  else logger.warn(details, 'a message comes again')
}

/** What came of a replay is said before it is acknowledged: said twice it does no harm, not at all it would. */
async function acknowledge(options: HandlingOptions, work: Work, outcome: Outcome): Promise<void> {
  const { ack, replay } = work
  const end = replay === undefined ? undefined : endOfReplay(outcome)
  if (replay === undefined || end === undefined) return ack()
  await orLater(options, work, async () => {
    await options.letters.end({ durable: options.durable, letter: replay.letter }, end)
    ack()
  })
}

function endOfReplay(outcome: Outcome): Omit<ReplayEnd, 'v'> | undefined {
  if (outcome.kind !== 'done') return { outcome: 'obsolete', text: 'the message is of a type that is not handled here' }
  const { replayed } = outcome
  if (replayed.kind === 'obsolete') return { outcome: 'obsolete', text: replayed.text }
  return replayed.kind === 'handled' ? { outcome: 'handled' } : undefined
}

interface Burial {
  readonly work: Work
  readonly outcome: Outcome
  readonly settlement: Extract<Settlement, { kind: 'deadLetter' }>
}

/** First whoever depends on the message is told, then the letter is stored, then the message goes. */
async function bury(options: HandlingOptions, { work, outcome, settlement }: Burial): Promise<void> {
  const { durable, letters, onDeadLetter } = options
  const { message, about, read, replay, signal } = work
  const tries = message.info.deliveryCount
  await orLater(options, work, async () => {
    if (read.kind === 'event') {
      const error = outcome.kind === 'failed' ? outcome.error : undefined
      await onDeadLetter?.({ stored: read.stored, tries, signal }, error)
    }
    const { reason, text } = settlement
    const { stream, seq: sequence, subject } = about
    const channel = replay?.channel === undefined ? {} : { channel: replay.channel }
    const next = await letters.add({ durable, stream, sequence, subject, reason, tries, text, ...channel })
    if (replay !== undefined) await letters.end({ durable, letter: replay.letter }, { outcome: 'failed', next })
    message.term()
  })
}

/** When the broker does not take what has to be said first, the message comes again instead. */
async function orLater(
  { logger, durable }: HandlingOptions,
  { message, about }: Work,
  settling: () => Promise<void>,
): Promise<void> {
  try {
    await settling()
  } catch (error) {
    logger.error({ durable, seq: about.seq, error: describeError(error) }, 'a message could not be settled yet')
    message.nak(SETTLE_RETRY_MS)
  }
}
