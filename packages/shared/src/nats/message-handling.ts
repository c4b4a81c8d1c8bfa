/** The one place that settles messages: calls the handler, asks `settle` what to do, and does it. */
import type { JsMsg } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/nats-core'
import { createKeyedQueue, describeError } from '../core/index.ts'
import type { Broker, BrokerLog } from './connection.ts'
import { publishDeadLetter } from './dead-letters.ts'
import type { ReadMessage } from './event-reading.ts'
import { createLimiter } from './limiter.ts'
import type { Delivery, Handler, StoredEvent } from './ports.ts'
import { countsAsFailure, type Outcome, settle, type Settlement } from './settle.ts'
import { inTraceOf } from './trace-headers.ts'

export interface HandlingOptions {
  readonly broker: Broker
  readonly durable: string
  readonly concurrency: number
  readonly keyOf: (stored: StoredEvent) => string
  readonly handler: Handler
  readonly onDeadLetter?: (delivery: Delivery, error: unknown) => Promise<void>
  readonly logger: BrokerLog
  readonly random: () => number
}

/** A message to settle, and the stored message that it is about: the same, unless it is a replay. */
export interface Work {
  readonly message: JsMsg
  readonly about: { readonly stream: string; readonly seq: number; readonly subject: string }
  readonly read: ReadMessage
  /** Headers of the stored message. */
  readonly trace: MsgHdrs | undefined
  readonly signal: AbortSignal
}

export interface MessageHandling {
  /** Never rejects. */
  handle(work: Work): Promise<void>
}

/** After a dead letter that could not be written. */
const DEAD_LETTER_RETRY_MS = 5000

export function createMessageHandling(options: HandlingOptions): MessageHandling {
  const queue = createKeyedQueue()
  const limiter = createLimiter(options.concurrency)
  const failures = createFailureCounts()
  const process = async (work: Work): Promise<void> => {
    const outcome = await outcomeOf(options, work)
    const id = `${work.about.stream}/${work.about.seq}`
    const settlement = settle(outcome, {
      failures: failures.count(id, countsAsFailure(outcome)),
      deliveries: work.message.info.deliveryCount,
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

async function outcomeOf({ handler }: HandlingOptions, { read, message, trace, signal }: Work): Promise<Outcome> {
  if (read.kind !== 'event') return read
  if (signal.aborted) return { kind: 'stopped' }
  try {
    const delivery = { stored: read.stored, tries: message.info.deliveryCount, signal }
    await inTraceOf(trace, () => handler(delivery))
    return { kind: 'done' }
  } catch (error) {
    return signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error }
  }
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
      return work.message.ack()
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

interface Burial {
  readonly work: Work
  readonly outcome: Outcome
  readonly settlement: Extract<Settlement, { kind: 'deadLetter' }>
}

/** First whoever depends on the message is told, then the letter is stored, then the message goes. */
async function bury(options: HandlingOptions, { work, outcome, settlement }: Burial): Promise<void> {
  const { broker, durable, onDeadLetter, logger } = options
  const { message, about, read, signal } = work
  const tries = message.info.deliveryCount
  try {
    if (read.kind === 'event') {
      const error = outcome.kind === 'failed' ? outcome.error : undefined
      await onDeadLetter?.({ stored: read.stored, tries, signal }, error)
    }
    const { reason, text } = settlement
    const { stream, seq: sequence, subject } = about
    await publishDeadLetter(broker, { durable, stream, sequence, subject, reason, tries, text })
    message.term()
  } catch (error) {
    logger.error({ durable, seq: about.seq, error: describeError(error) }, 'a message could not be given up yet')
    message.nak(DEAD_LETTER_RETRY_MS)
  }
}

interface FailureCounts {
  /** @returns the failures of this message so far */
  count(id: string, failed: boolean): number
  forget(id: string): void
}

/** Counts kept for messages that come again; the oldest go when another replica seems to have taken them over. */
const MAX_COUNTS = 10_000

/**
 * The broker's own count of deliveries would not do: it also counts those that failed because something was unavailable,
 * or that a stopping replica gave back. Each replica counts for itself, so a message may be tried so often by each.
 */
function createFailureCounts(): FailureCounts {
  const counts = new Map<string, number>()
  return {
    count: (id, failed) => {
      const failures = (counts.get(id) ?? 0) + (failed ? 1 : 0)
      counts.delete(id)
      if (failures > 0) counts.set(id, failures)
      const [oldest] = counts.keys()
      if (counts.size > MAX_COUNTS && oldest !== undefined) counts.delete(oldest)
      return failures
    },
    forget: (id) => {
      counts.delete(id)
    },
  }
}
