import type { DeliveryDocument, LedgerEvent, TaskRef } from '@orchestrator/shared/contracts'
import { backoffMs, isRetryable, RetryableError } from '@orchestrator/shared/core'
import type { Ledger, Replayed, StoredEvent } from '@orchestrator/shared/nats'
import type { Channel, Telling, Told } from '../channels/port.ts'
import { type Call, isWanting, NOBODY, recordCall, releaseLease } from '../deliveries/delivery.ts'
import type { HeldLease, LeaseWorld } from '../deliveries/held-lease.ts'
import type { Arrivals } from './arrivals.ts'
import type { RecentEvents } from './recent-events.ts'
import { readNextOfTask, readTask } from './task-events.ts'

const RECORD_BACKOFF = { firstMs: 100, maxMs: 5_000 }

export interface RejectedMessage {
  readonly stored: StoredEvent<LedgerEvent>
  readonly channel: string
  readonly reason: string
  /** The letter because of which it was told again. */
  readonly letter: number | undefined
}

/** What a sink refused, for a person to look at and to have told again. */
export interface Letters {
  /** A letter of its own; one because of which it was told has ended in it. */
  reject(rejected: RejectedMessage): Promise<void>
  /** What came of telling it again. */
  end(letter: number, end: Exclude<Replayed, { kind: 'later' }>): Promise<void>
}

/** What telling needs of the world. */
export interface TellerWorld extends LeaseWorld {
  readonly ledger: Pick<Ledger, 'scan' | 'get'>
  /** Spares the search for what happened just now. */
  readonly recent: Pick<RecentEvents, 'of'>
  readonly letters: Letters
  readonly random: () => number
}

export interface TaskTelling {
  readonly channel: Channel
  readonly key: string
  readonly task: TaskRef
  /** As it was when the lease was taken. */
  readonly document: DeliveryDocument
  readonly lease: HeldLease
  /** What needs no mark, because it arrives meanwhile. */
  readonly arrivals: Pick<Arrivals, 'newest' | 'told'>
  /** Aborted: no further call. */
  readonly stopping: AbortSignal
  /** Aborted: the call under way ends too, and nothing more is tried. */
  readonly signal: AbortSignal
}

export type TellingEnd =
  /** `kept`: all is told, and the lease is still held for what is soon to come. */
  | { readonly kind: 'told' | 'kept' | 'lost' | 'stopped' }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | undefined }

type Message = Telling['events']

/** What is told next. */
interface Turn {
  /** `undefined`: there is nothing that this release can read. */
  readonly message: Message | undefined
  /** The letter because of which it is told again. */
  readonly letter?: number
  readonly rest: readonly Message[]
}

/**
 * Tells a channel what it has yet to hear of one task, one message after the other, while the lease is held.
 * @throws RetryableError when broker or ledger fail between two calls: what was told is recorded, the rest comes later.
 */
export async function tellTask(world: TellerWorld, telling: TaskTelling): Promise<TellingEnd> {
  const { channel, key, lease, arrivals, stopping, signal } = telling
  let document: DeliveryDocument | undefined = telling.document
  let ahead: readonly Message[] = []
  while (document?.holder === world.holder) {
    if (stopping.aborted) return await letGo(world, key, { kind: 'stopped' })
    if (!isWanting(document) && arrivals.newest <= document.sent) return { kind: 'kept' }
    const turn = await nextTurn(world, telling, { document, ahead })
    const { message, letter, rest } = turn
    if (message !== undefined) {
      if (!(await lease.confirm())) return { kind: 'lost' }
      const told = await tellOne(world, telling, { ...turn, message })
      if (isUnavailable(told)) return await letGo(world, key, asEnd(told))
    } else if (letter !== undefined) {
      await persist(world, signal, () => world.letters.end(letter, GONE))
    }
    const seq = message?.at(-1)?.seq ?? newestOf(document, arrivals)
    const more = rest.length > 0 || arrivals.newest > seq || isSoonFollowed(channel, turn)
    const call: Call = { holder: world.holder, kind: channel.kind, seq, more, ...named(letter) }
    let askedMs = 0
    document = await persist(world, signal, async () => {
      askedMs = world.clock.monotonicMs()
      return await world.records.change({ key, decide: (now) => recordCall(now, call) })
    })
    lease.confirmed(askedMs)
    arrivals.told(document?.sent ?? 0)
    ahead = rest
  }
  return { kind: document?.holder === NOBODY ? 'told' : 'lost' }
}

function newestOf({ dirty }: DeliveryDocument, { newest }: Pick<Arrivals, 'newest'>): number {
  return Math.max(dirty, newest)
}

/** An attempt goes on until its end, after which a person decides. */
function isSoonFollowed({ kind }: Channel, { message, letter }: Turn): boolean {
  return (
    kind === 'each' && letter === undefined && message !== undefined && message[0].event.type !== 'attempt.finished'
  )
}

const GONE = { kind: 'obsolete', text: 'the ledger holds no such event, or none that this release can read' } as const

function named(letter: number | undefined): { readonly letter?: number } {
  return letter === undefined ? {} : { letter }
}

interface Known {
  readonly document: DeliveryDocument
  /** Events at hand, of those that were not told yet. */
  readonly ahead: readonly Message[]
}

/** What a person asked for comes first. */
async function nextTurn(world: TellerWorld, telling: TaskTelling, { document, ahead }: Known): Promise<Turn> {
  const [again] = document.again ?? []
  if (again !== undefined)
    return { message: await messageAgain(world, telling, again.sequence), letter: again.letter, rest: ahead }
  const [message, ...rest] = ahead.length > 0 ? ahead : await messagesAfter(world, telling, document)
  return { message, rest }
}

async function messageAgain(world: TellerWorld, telling: TaskTelling, seq: number): Promise<Message | undefined> {
  const { channel, task, signal } = telling
  const { ledger } = world
  const events =
    channel.kind === 'each' ? [await ledger.get(seq, signal)] : await readTask({ ledger, task, fromSeq: 1, signal })
  const [first, ...others] = events.filter((event) => event !== undefined)
  return first === undefined ? undefined : [first, ...others]
}

async function tellOne(
  world: TellerWorld,
  telling: TaskTelling,
  { message, letter }: Turn & { readonly message: Message },
): Promise<Told> {
  const { channel, task, signal } = telling
  const { clock, logger } = world
  const newest = message.at(-1) ?? message[0]
  const startedAt = clock.monotonicMs()
  const told = await channel.tell({ task, events: message }, signal)
  const durationMs = Math.round(clock.monotonicMs() - startedAt)
  const facts = { channel: channel.name, ...task, type: newest.event.type, sequence: newest.seq, durationMs, letter }
  logger.info(
    { ...facts, ...(told === 'delivered' ? { outcome: told } : { outcome: Object.keys(told)[0], ...told }) },
    'told',
  )
  if (told === 'delivered') {
    if (letter !== undefined) await persist(world, signal, () => world.letters.end(letter, { kind: 'handled' }))
  } else if ('rejected' in told) {
    const rejected = { stored: newest, channel: channel.name, reason: told.rejected, letter }
    await persist(world, signal, () => world.letters.reject(rejected))
  }
  return told
}

async function messagesAfter(
  world: TellerWorld,
  telling: TaskTelling,
  document: DeliveryDocument,
): Promise<readonly Message[]> {
  const { channel, task, arrivals, signal } = telling
  const query = { ledger: world.ledger, task, signal }
  const afterSeq = document.sent
  const throughSeq = newestOf(document, arrivals)
  const events =
    channel.kind === 'each'
      ? (world.recent.of(task, { afterSeq, throughSeq }) ?? (await readNextOfTask({ ...query, fromSeq: afterSeq + 1 })))
      : await readTask({ ...query, fromSeq: 1 })
  const [first, ...others] = events
  if (first === undefined) {
    await assertUnreadable(world, throughSeq, signal)
    return []
  }
  return channel.kind === 'each' ? events.map((event) => [event]) : [[first, ...others]]
}

/** Nothing to tell although something arrived: true for an event of another release, else the read came from behind. */
async function assertUnreadable({ ledger }: TellerWorld, seq: number, signal: AbortSignal): Promise<void> {
  if ((await ledger.get(seq, signal)) === undefined) return
  throw new RetryableError('BROKER_UNAVAILABLE', `event ${seq} is in the ledger but was not read`)
}

async function letGo<E extends TellingEnd>({ records, holder }: TellerWorld, key: string, end: E): Promise<E> {
  await records.change({ key, decide: (now) => releaseLease(now, holder) })
  return end
}

/** What a sink has seen must be written down, or it will see it again: tried until it is done or the replica ends. */
async function persist<T>(
  { clock, random, logger }: TellerWorld,
  signal: AbortSignal,
  write: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write()
    } catch (error) {
      if (!isRetryable(error) || signal.aborted) throw error
      logger.warn({ tries, err: error }, 'telling not recorded yet')
      await clock.sleep(backoffMs(tries, RECORD_BACKOFF, random), signal)
    }
  }
}

function isUnavailable(told: Told): told is Extract<Told, { unavailable: string }> {
  return typeof told === 'object' && 'unavailable' in told
}

function asEnd({ unavailable, retryAfterMs }: Extract<Told, { unavailable: string }>): TellingEnd {
  return { kind: 'unavailable', reason: unavailable, retryAfterMs }
}
