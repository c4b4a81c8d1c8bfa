/** Messages that were given up, and a person's wish to handle one again. Both live in `DEADLETTERS`. */
import type { JsMsg } from '@nats-io/jetstream'
import { z } from 'zod'
import { deadLetterSubject, replaySubject } from '../contracts/index.ts'
import { cutToBytes } from '../core/index.ts'
import { ask } from './broker-errors.ts'
import type { Broker } from './connection.ts'
import { scanStream } from './stream-reader.ts'
import { DEADLETTERS } from './topology-streams.ts'

/** What `deadletter.<durable>` holds: where the message is stored, and why it was given up. */
export const DeadLetter = z.object({
  v: z.literal(1),
  durable: z.string(),
  stream: z.string(),
  sequence: z.int(),
  subject: z.string(),
  /** `terminal`, `tries` or `unreadable`. */
  reason: z.string(),
  /** Deliveries until it was given up. */
  tries: z.int(),
  text: z.string(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

/** What `replay.<durable>` holds. */
export const ReplayRequest = z.object({ v: z.literal(1), stream: z.string(), sequence: z.int().min(1) })
export type ReplayRequest = z.infer<typeof ReplayRequest>

export interface StoredDeadLetter {
  /** Sequence in `DEADLETTERS`. */
  readonly seq: number
  readonly time: Date
  readonly letter: DeadLetter
}

export interface DeadLetters {
  /** Oldest first; of one durable, or of all. @throws RetryableError BROKER_UNAVAILABLE */
  list(signal: AbortSignal, durable?: string): AsyncIterable<StoredDeadLetter>
  /** Asks the durable to handle the message again. @throws RetryableError BROKER_UNAVAILABLE */
  replay(letter: Pick<DeadLetter, 'durable' | 'stream' | 'sequence'>): Promise<void>
}

const TEXT_MAX_BYTES = 2048
const AHEAD = 200

export function createDeadLetters(broker: Broker): DeadLetters {
  return {
    list: (signal, durable = '*') => list(broker, { signal, durable }),
    replay: async ({ durable, stream, sequence }) => {
      const request: ReplayRequest = { v: 1, stream, sequence }
      const options = { expect: { streamName: DEADLETTERS } }
      await ask(broker, 'asking for a replay', () =>
        broker.js.publish(replaySubject(durable), JSON.stringify(request), options),
      )
    },
  }
}

async function* list(
  broker: Broker,
  { signal, durable }: { readonly signal: AbortSignal; readonly durable: string },
): AsyncGenerator<StoredDeadLetter> {
  const source = { broker, stream: DEADLETTERS, ahead: AHEAD }
  for await (const message of scanStream(source, { subjects: [deadLetterSubject(durable)], signal })) {
    const letter = parse(DeadLetter, message)
    if (letter === undefined) broker.logger.warn({ seq: message.seq }, 'a dead letter cannot be read')
    else yield { seq: message.seq, time: message.time, letter }
  }
}

/** Told twice if the settling after it gets lost; whoever reads them must bear that. */
export async function publishDeadLetter(broker: Broker, letter: Omit<DeadLetter, 'v'>): Promise<void> {
  const bounded: DeadLetter = { ...letter, v: 1, text: cutToBytes(letter.text, TEXT_MAX_BYTES) }
  const options = { expect: { streamName: DEADLETTERS } }
  await ask(broker, 'publishing a dead letter', () =>
    broker.js.publish(deadLetterSubject(letter.durable), JSON.stringify(bounded), options),
  )
}

export function readReplayRequest(message: JsMsg): ReplayRequest | undefined {
  return parse(ReplayRequest, message)
}

function parse<T>(schema: z.ZodType<T>, message: JsMsg): T | undefined {
  try {
    return schema.safeParse(message.json()).data
  } catch {
    return undefined
  }
}
