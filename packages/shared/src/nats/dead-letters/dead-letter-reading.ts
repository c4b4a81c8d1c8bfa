/** Reading letters and how they stand, through the stream's leader. */
import type { MsgHdrs } from '@nats-io/nats-core'
import type { z } from 'zod'
import { DeadLetter, deadLetterSubject, ReplayEnd, replayedSubject, replaySubject } from '../../contracts/index.ts'
import { ask, isNotFound } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import type { StoredMessage } from '../streams/event-reading.ts'
import { storedTime } from '../streams/stored-time.ts'
import { scanStream } from '../streams/stream-reader.ts'
import { DEADLETTERS } from '../topology/topology-streams.ts'
import { type LetterState, letterState, type LetterTrail } from './letter-state.ts'

export interface StoredDeadLetter {
  /** Sequence in `DEADLETTERS`: what the letter is called. */
  readonly seq: number
  readonly time: Date
  readonly letter: DeadLetter
  readonly state: LetterState
}

export interface DeadLetterQuery {
  /** All of them when left out. */
  readonly durable?: string
  /** Any when left out. */
  readonly states?: readonly LetterState['kind'][]
  /** Only older letters than this one. */
  readonly before?: number
  readonly limit: number
  readonly signal: AbortSignal
}

const AHEAD = 1000
/** Sequences looked at in the first go: more than a page, since other durables and replays lie between. */
const FIRST_WINDOW = 512

/**
 * Newest first. A stream is read forwards only, so windows that grow are read from its end on, until the page is full:
 * the newest letters cost little, however many there are.
 */
export async function readLetters(broker: Broker, query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]> {
  const { durable = '*', states, limit, signal } = query
  const { state } = await ask(broker, 'reading dead letters', () => broker.jsm.streams.info(DEADLETTERS))
  // An empty stream calls its first sequence 0.
  const first = Math.max(1, state.first_seq)
  const trails = new Map<number, LetterTrail>()
  const scan = { broker, durable, trails, signal }
  let high = Math.min((query.before ?? Number.POSITIVE_INFINITY) - 1, state.last_seq)
  if (high < state.last_seq) await readWindow(scan, { low: high + 1, high: state.last_seq, letters: false })
  const found: StoredDeadLetter[] = []
  for (let size = FIRST_WINDOW; high >= first && found.length < limit; size *= 4) {
    const low = Math.max(first, high - size + 1)
    const window = await readWindow(scan, { low, high, letters: true })
    const newest = window.toReversed().map((kept) => ({ ...kept, state: letterState(trails.get(kept.seq) ?? {}) }))
    found.push(...newest.filter(({ state: { kind } }) => states === undefined || states.includes(kind)))
    high = low - 1
  }
  return found.slice(0, limit)
}

interface Scan {
  readonly broker: Broker
  readonly durable: string
  /** Filled with all that is met; what concerns a letter comes after it. */
  readonly trails: Map<number, LetterTrail>
  readonly signal: AbortSignal
}

interface Window {
  readonly low: number
  readonly high: number
  /** False: only what happened to letters. */
  readonly letters: boolean
}

async function readWindow(
  { broker, durable, trails, signal }: Scan,
  { low, high, letters }: Window,
): Promise<readonly Omit<StoredDeadLetter, 'state'>[]> {
  const trail = [replaySubject(durable, '*'), replayedSubject(durable, '*')]
  const subjects = letters ? [deadLetterSubject(durable), ...trail] : trail
  const kept: Omit<StoredDeadLetter, 'state'>[] = []
  for await (const message of scanStream(
    { broker, stream: DEADLETTERS, ahead: AHEAD },
    { subjects, fromSeq: low, signal },
  )) {
    if (message.seq > high) break
    if (message.subject.startsWith('deadletter.')) kept.push(...toLetter(broker, message))
    else noteTrail(trails, message)
  }
  return kept
}

function toLetter({ logger }: Broker, message: StoredMessage): readonly Omit<StoredDeadLetter, 'state'>[] {
  const letter = parseMessage(DeadLetter, message)
  if (letter !== undefined) return [{ seq: message.seq, time: storedTime(message), letter }]
  logger.warn({ seq: message.seq }, 'a dead letter cannot be read')
  return []
}

function noteTrail(trails: Map<number, LetterTrail>, message: StoredMessage): void {
  const letter = letterOf(message.subject)
  const before = trails.get(letter) ?? {}
  if (message.subject.startsWith('replay.')) trails.set(letter, { ...before, asked: storedTime(message) })
  const end = message.subject.startsWith('replayed.') ? parseMessage(ReplayEnd, message) : undefined
  if (end !== undefined) trails.set(letter, { ...before, ended: { time: storedTime(message), end } })
}

/** The letter that a `replay.…` or `replayed.…` is about. */
export function letterOf(subject: string): number {
  return Number(subject.split('.').at(-1))
}

/** @returns undefined for what is no letter, or no longer kept */
export async function readLetter(broker: Broker, seq: number): Promise<StoredDeadLetter | undefined> {
  const message = await fetchMessage(broker, DEADLETTERS, { seq })
  if (message?.subject.startsWith('deadletter.') !== true) return undefined
  const [kept] = toLetter(broker, message)
  return kept && { ...kept, state: await readState(broker, kept.letter.durable, seq) }
}

export async function readState(broker: Broker, durable: string, letter: number): Promise<LetterState> {
  const trails = new Map<number, LetterTrail>()
  for (const subject of [replaySubject(durable, letter), replayedSubject(durable, letter)]) {
    const message = await fetchMessage(broker, DEADLETTERS, { last_by_subj: subject })
    if (message !== undefined) noteTrail(trails, message)
  }
  return letterState(trails.get(letter) ?? {})
}

export interface FetchedMessage extends StoredMessage {
  readonly header: MsgHdrs
}

type Place = { readonly seq: number } | { readonly last_by_subj: string }

/** Through the leader; undefined when it is not there. */
export async function fetchMessage(broker: Broker, stream: string, place: Place): Promise<FetchedMessage | undefined> {
  try {
    return (await ask(broker, `reading ${stream}`, () => broker.jsm.streams.getMessage(stream, place))) ?? undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Undefined for what is not of this form. */
export function parseMessage<T>(schema: z.ZodType<T>, { data }: Pick<StoredMessage, 'data'>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(data))).data
  } catch {
    return undefined
  }
}
