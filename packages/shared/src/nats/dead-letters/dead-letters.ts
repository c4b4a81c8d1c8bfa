/** Messages that were given up: kept, looked at, handled again when a person asks for it. */
import {
  type DeadLetter,
  type DeadLetterReason,
  deadLetterSubject,
  type ReplayEnd,
  replayedSubject,
  type ReplayRequest,
  replaySubject,
} from '../../contracts/index.ts'
import { cutToBytes } from '../../core/index.ts'
import { ask, brokerFault } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import { DEADLETTERS } from '../topology/topology-streams.ts'
import {
  type DeadLetterQuery,
  type FetchedMessage,
  fetchMessage,
  readLetter,
  readLetters,
  readState,
  type StoredDeadLetter,
} from './dead-letter-reading.ts'
import type { LetterState } from './letter-state.ts'

/** All throw RetryableError BROKER_UNAVAILABLE. */
export interface DeadLetters {
  /** Newest first. */
  list(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]>
  /** @returns undefined for what is no letter, or no longer kept */
  get(seq: number): Promise<StoredDeadLetter | undefined>
  state(durable: string, seq: number): Promise<LetterState>
  /** The message that a letter names; undefined once its stream has let it go. */
  message(letter: Pick<DeadLetter, 'stream' | 'sequence'>): Promise<FetchedMessage | undefined>
  /** Asks the durable to handle the message again, at most once for each letter. @returns false when that was asked before */
  replay(kept: Pick<StoredDeadLetter, 'seq' | 'letter'>): Promise<boolean>
  /** Told twice if the settling after it gets lost; whoever reads them must bear that. @returns the letter's sequence */
  add(letter: NewDeadLetter): Promise<number>
  /** Says what came of a replay; what was said first stands. */
  end(replay: Pick<DeadLetter, 'durable'> & { readonly letter: number }, end: Omit<ReplayEnd, 'v'>): Promise<void>
}

export type NewDeadLetter = Omit<DeadLetter, 'v' | 'reason'> & { readonly reason: DeadLetterReason }

const TEXT_MAX_BYTES = 2048

export function createDeadLetters(broker: Broker): DeadLetters {
  return {
    list: async (query) => await readLetters(broker, query),
    get: async (seq) => await readLetter(broker, seq),
    state: async (durable, seq) => await readState(broker, durable, seq),
    message: async ({ stream, sequence }) => await fetchMessage(broker, stream, { seq: sequence }),
    replay: async ({ seq, letter: { durable, stream, sequence, channel } }) => {
      const request: ReplayRequest = { v: 1, stream, sequence, ...(channel === undefined ? {} : { channel }) }
      return await publishOnce(broker, replaySubject(durable, seq), request)
    },
    add: async (letter) => {
      const bounded: DeadLetter = { ...letter, v: 1, text: cutToBytes(letter.text, TEXT_MAX_BYTES) }
      const options = { expect: { streamName: DEADLETTERS } }
      const { seq } = await ask(broker, 'keeping a dead letter', () =>
        broker.js.publish(deadLetterSubject(letter.durable), JSON.stringify(bounded), options),
      )
      return seq
    },
    end: async ({ durable, letter }, { outcome, text, next }) => {
      const end: ReplayEnd = {
        v: 1,
        outcome,
        ...(text === undefined ? {} : { text: cutToBytes(text, TEXT_MAX_BYTES) }),
        ...(next === undefined ? {} : { next }),
      }
      await publishOnce(broker, replayedSubject(durable, letter), end)
    },
  }
}

/** The expectation is the deduplication, as in the ledger. @returns false when the subject had its message already */
async function publishOnce(broker: Broker, subject: string, record: ReplayRequest | ReplayEnd): Promise<boolean> {
  const options = { expect: { streamName: DEADLETTERS, lastSubjectSequence: 0 } }
  try {
    await ask(broker, `publishing ${subject}`, () => broker.js.publish(subject, JSON.stringify(record), options))
    return true
  } catch (error) {
    if (brokerFault(error) === 'conflict') return false
    throw error
  }
}
