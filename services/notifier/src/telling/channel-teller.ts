import {
  deliveryKey,
  type DeliveryDocument,
  type LedgerEvent,
  type TaskRef,
  type TellAgain,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import type { Channel } from '../channels/port.ts'
import { createKeptLeases } from '../deliveries/kept-leases.ts'
import { createLeaseReturns } from '../deliveries/lease-returns.ts'
import type { Patience } from '../patience.ts'
import { createCalls } from './calls.ts'
import { createDoor, type Door, takingTurns } from './door.ts'
import { type Mark, type Marking, markOfEvent, markOfWish } from './marks.ts'
import { watchSink } from './sink-watch.ts'
import { resume, startNext, startTelling, type TellerParts } from './start-telling.ts'
import type { TellerWorld } from './tell-task.ts'
import { createUnattendedWork } from './unattended-work.ts'
import { createWaitingList } from './waiting-list.ts'

/** How long a call under way may still take when the service stops. */
const STOP_GRACE_MS = 5_000

export interface ChannelTellerOptions {
  readonly world: TellerWorld
  readonly channel: Channel
  /** Events before this sequence are none of the channel's business. */
  readonly since: number
  /** Calls under way at the same time, each for another task. */
  readonly concurrency: number
  readonly patience: Patience
}

/** A delivery as the bucket's watch shows it; without a value it was removed. */
export interface SeenDelivery {
  readonly key: string
  readonly value: DeliveryDocument | undefined
  readonly revision: number
}

/**
 * One channel on one replica: marks tasks as dirty, and tells them where no other replica does. What arrives of a task
 * whose lease is in hand is told at once, without a mark.
 */
export interface ChannelTeller extends AsyncDisposable {
  readonly name: string
  /** An event arrived. Settles once it was told, or the mark is stored, however long the sink takes. */
  mark(task: TaskRef, stored: StoredEvent<LedgerEvent>): Promise<void>
  /** A person wants an event told again that the channel had refused. Settles once that is stored. */
  markAgain(task: TaskRef, wanted: TellAgain): Promise<void>
  observe(seen: SeenDelivery): void
  /** Starts what may be started. Called by a timer too: leases expire and pauses end without a sound. */
  look(): void
  /** `ok`, or why it does not tell. */
  status(): string
}

/** What one channel's teller consists of. */
interface Teller extends TellerParts {
  readonly name: string
  readonly patience: Patience
  readonly door: Door
  readonly marking: Marking
}

export function createChannelTeller(options: ChannelTellerOptions): ChannelTeller {
  const stopping = new AbortController()
  const hard = new AbortController()
  const teller = createTeller(options, { stopping: stopping.signal, signal: hard.signal })
  const { name, sink, calls } = teller
  return {
    name,
    mark: async (task, stored) => {
      if (!(await isToldUnmarked(teller, task, stored.seq))) await markAndTell(teller, task, markOfEvent(task, stored))
    },
    markAgain: async (task, wanted) => await markAndTell(teller, task, markOfWish(task, wanted)),
    observe: (seen) => observe(teller, seen),
    look: () => {
      calls.beat()
      giveBack(teller, teller.kept.takeOutdated())
      startNext(teller)
    },
    status: () => sink.status(),
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      const grace = setTimeout(() => hard.abort(new DOMException('the service stops', 'AbortError')), STOP_GRACE_MS)
      await finish(teller)
      clearTimeout(grace)
    },
  }
}

function createTeller(
  { world, channel, since, concurrency, patience }: ChannelTellerOptions,
  signals: Pick<TellerParts, 'stopping' | 'signal'>,
): Teller {
  const { clock, holder, random, records, logger } = world
  const { stopping, signal } = signals
  const { name } = channel
  const monotonicMs = (): number => clock.monotonicMs()
  const door = createDoor(patience.places)
  const sink = watchSink({ channel, concurrency, patienceMs: patience.ms, clock, random, logger })
  const waiting = createWaitingList({ holder, monotonicMs, random })
  const work = createUnattendedWork((key, error) => {
    waiting.failed(key)
    if (!signal.aborted) logger.warn({ channel: name, key, err: error }, 'telling interrupted')
  })
  const startMarked = (): void => startNext(teller)
  const onReturned = (key: string, document: DeliveryDocument | undefined): void => waiting.note(key, document)
  const returns = createLeaseReturns({ records, holder, work, onReturned, onEnd: startMarked })
  const calls = createCalls({
    patienceMs: patience.ms,
    allowed: () => (stopping.aborted ? 0 : sink.allowedCalls()),
    isTaken: (key) => returns.has(key),
    onVacated: takingTurns({ door, hasRoom: () => calls.hasRoom(), startMarked }),
  })
  const marking = { world, channel: name, since, signal }
  const kept = createKeptLeases(monotonicMs)
  const teller = { name, world, patience, sink, door, waiting, calls, kept, returns, work, marking, ...signals }
  return teller
}

/** @returns true once the event was told under a lease that is in hand anyway, and that is recorded */
async function isToldUnmarked(teller: Teller, task: TaskRef, seq: number): Promise<boolean> {
  const { name, sink, calls, returns, door, patience } = teller
  const key = deliveryKey(name, task)
  if (sink.isSlow()) return false
  if (calls.get(key) === undefined && !returns.has(key) && !calls.hasRoom()) await door.turn(patience.ms)
  resume(teller, { key, task, seq })
  return (await calls.get(key)?.arrivals.until(seq)) ?? false
}

/** Stores a mark, taking the lease with it where there is room to tell at once. */
async function markAndTell(teller: Teller, task: TaskRef, mark: Mark): Promise<void> {
  const { name, world, calls, kept, marking } = teller
  const key = deliveryKey(name, task)
  if (!calls.reserve(key)) {
    await mark(marking, undefined)
    return resume(teller, { key, task })
  }
  kept.take(key)
  const confirmedMs = world.clock.monotonicMs()
  const document = await mark(marking, world.holder).catch((error: unknown) => {
    calls.vacate(key)
    throw error
  })
  if (document?.holder !== world.holder) return calls.vacate(key)
  startTelling(teller, { key, task, document, confirmedMs })
}

function observe(teller: Teller, { key, value, revision }: SeenDelivery): void {
  const { world, waiting } = teller
  if (value !== undefined) world.records.observe({ key, value, revision })
  waiting.note(key, value)
  if (value !== undefined) resume(teller, { key, task: value })
  startNext(teller)
}

function giveBack({ returns }: Teller, keys: readonly string[]): void {
  for (const key of keys) returns.giveBack(key)
}

/** What is being told ends, then what was kept for more goes back. */
async function finish(teller: Teller): Promise<void> {
  await teller.work.settled()
  giveBack(teller, teller.kept.takeAll())
  await teller.work.settled()
}
