import { EVENT_MAX_BYTES, LedgerEvent } from '../../contracts/index.ts'
/** The tries of one conditional publish. Pure: what an answer of the broker means and what comes next. */
import { type Backoff, hasCode, TerminalError } from '../../core/index.ts'
import { brokerFault, unavailable } from '../connection/broker-errors.ts'
import type { Ack } from '../connection/publisher.ts'

/** What became of one publish. `unknown`: it may have been stored, only reading the subject tells. */
export type Attempted =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'refused' }
  /** `silent`: nothing came back from a broker that answered a read just before. */
  | { readonly kind: 'unknown'; readonly cause: unknown; readonly silent?: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }

/** A duplicate was not stored under this sequence, whatever else it says: never an acceptance. */
export function readAck({ seq, duplicate }: Ack): Attempted {
  return duplicate
    ? { kind: 'unknown', cause: new Error(`acknowledged as a duplicate of ${seq}`) }
    : { kind: 'stored', seq }
}

export function readFault(error: unknown): Attempted {
  if (brokerFault(error) === 'conflict') return { kind: 'refused' }
  return hasCode(error, 'BROKER_UNAVAILABLE') ? { kind: 'unknown', cause: error } : { kind: 'failed', error }
}

/** Tries that ended in a refusal, and tries whose outcome is unknown. */
export interface Tries {
  readonly refused: number
  readonly unknown: number
  /** Of the unknown ones, those whose publish alone was left without an answer. */
  readonly silent: number
}

export const NO_TRIES: Tries = { refused: 0, unknown: 0, silent: 0 }

/** Each refusal means that somebody else got through: only a subject that never holds still exhausts them. */
const MAX_REFUSED = 100
/** With the backoff below some four seconds: longer than a restart of the broker, shorter than people's patience. */
const MAX_UNKNOWN = 8
/** A broker that answers every read and no publish has a disk that takes nothing: more tries would only take time. */
const MAX_SILENT = 2

const AFTER_REFUSAL: Backoff = { firstMs: 1, maxMs: 50 }
const AFTER_SILENCE: Backoff = { firstMs: 50, maxMs: 1000 }

/** @returns the backoff before the next try; @throws when there is none */
export function nextTry(
  { refused, unknown, silent }: Tries,
  cause: unknown,
): { readonly tries: number; readonly backoff: Backoff } {
  if (refused >= MAX_REFUSED)
    throw new TerminalError('LEDGER_CONFLICT', `the subject changed at each of ${refused} tries`)
  if (silent >= MAX_SILENT) throw unavailable('it answers but stores nothing, so its disk may be full', cause)
  if (unknown >= MAX_UNKNOWN) throw unavailable(`whether the event was stored is unknown after ${unknown} tries`, cause)
  return unknown > 0 ? { tries: unknown, backoff: AFTER_SILENCE } : { tries: refused, backoff: AFTER_REFUSAL }
}

/** @throws TerminalError INPUT_INVALID when the event is none of the ledger's, or too large */
export function encodeLedgerEvent(event: LedgerEvent, maxBytes: number): Buffer {
  const checked = LedgerEvent.safeParse(event)
  if (!checked.success) throw new TerminalError('INPUT_INVALID', `not an event of the ledger: ${checked.error.message}`)
  const bytes = Buffer.from(JSON.stringify(event))
  const limit = event.type === 'task.submitted' ? maxBytes : EVENT_MAX_BYTES
  if (bytes.length <= limit) return bytes
  throw new TerminalError(
    'INPUT_INVALID',
    `${event.type} has ${bytes.length} bytes, ${limit} are allowed: cut its texts`,
  )
}
