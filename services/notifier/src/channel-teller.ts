import {
  type DeliveryDocument,
  deliveryKey,
  type LedgerEvent,
  type TaskRef,
  type TellAgain,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { type Arrivals, createArrivals, PATIENCE_MS } from './arrivals.ts'
import type { Channel } from './channels/port.ts'
import { hasRoomForAgain, isWanting, markAgain, markDirty, newDelivery, releaseLease, takeLease } from './delivery.ts'
import { createDoor } from './door.ts'
import { isFirstOfTask, toldBefore } from './first-word.ts'
import { type HeldLease, holdLease } from './held-lease.ts'
import { createKeptLeases } from './kept-leases.ts'
import { allowedCalls, NO_PAUSE, type Pause, pauseAfter } from './pause.ts'
import { readTask } from './task-events.ts'
import { type TaskTelling, tellTask, type TellerWorld } from './tell-task.ts'
import { type Candidate, createWaitingList } from './waiting-list.ts'

/** How long a call under way may still take when the service stops. */
const STOP_GRACE_MS = 5_000

export interface ChannelTellerOptions {
  readonly world: TellerWorld
  readonly channel: Channel
  /** Events before this sequence are none of the channel's business. */
  readonly since: number
  /** Calls under way at the same time, each for another task. */
  readonly concurrency: number
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

type Work = Pick<TaskTelling, 'key' | 'task' | 'document'> & { readonly confirmedMs: number }

/** A task that is being told, or whose lease is being taken for it. */
interface Call {
  readonly arrivals: Arrivals
  lease?: HeldLease
}

export function createChannelTeller({ world, channel, since, concurrency }: ChannelTellerOptions): ChannelTeller {
  const { records, ledger, holder, clock, random, logger } = world
  const monotonicMs = (): number => clock.monotonicMs()
  const waiting = createWaitingList({ holder, monotonicMs, random })
  const calls = new Map<string, Call>()
  const kept = createKeptLeases(monotonicMs)
  const returning = new Set<string>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  const hard = new AbortController()
  let pause: Pause = NO_PAUSE
  let lastCallMs = 0
  const door = createDoor()
  let fromDoor = false

  /** Any answer proves that the sink is there. */
  const watched: Channel = {
    ...channel,
    tell: async (telling, signal) => {
      const startedMs = monotonicMs()
      const told = await channel.tell(telling, signal)
      lastCallMs = monotonicMs() - startedMs
      if (told === 'delivered' || 'rejected' in told) pause = NO_PAUSE
      return told
    },
  }

  const isBusy = (key: string): boolean => calls.has(key) || returning.has(key)
  const hasRoom = (): boolean =>
    !stopping.signal.aborted && calls.size < allowedCalls(pause, monotonicMs(), concurrency)

  const reserve = (key: string): boolean => {
    const reserved = hasRoom() && !isBusy(key)
    if (reserved) calls.set(key, { arrivals: createArrivals() })
    return reserved
  }

  const vacate = (key: string): void => {
    calls.get(key)?.arrivals.end()
    calls.delete(key)
    admit()
  }

  /** What was marked and what waits at the door take turns: neither may starve the other. */
  const admit = (): void => {
    fromDoor = !fromDoor
    if (fromDoor && hasRoom() && door.next()) return
    startNext()
    if (hasRoom()) door.next()
  }

  /** Work that nobody waits for, except the end of the service. */
  const run = (key: string, work: () => Promise<void>): void => {
    const supervise = async (): Promise<void> => {
      try {
        await work()
      } catch (error) {
        waiting.failed(key)
        if (!hard.signal.aborted) logger.warn({ channel: channel.name, key, err: error }, 'telling interrupted')
      }
    }
    const ended = supervise().finally(() => running.delete(ended))
    running.add(ended)
  }

  /** Works on a reserved key. */
  const start = (key: string, work: (call: Call) => Promise<void>): void => {
    const call = calls.get(key)
    if (call !== undefined) run(key, async () => await work(call).finally(() => vacate(key)))
  }

  const tell = async (call: Call, { confirmedMs, ...work }: Work): Promise<void> => {
    const lease = holdLease(world, { key: work.key, confirmedMs })
    call.lease = lease
    const { arrivals } = call
    const { signal } = hard
    const end = await tellTask(world, { ...work, lease, arrivals, channel: watched, stopping: stopping.signal, signal })
    if (end.kind === 'kept') return kept.keep(work.key, lease.confirmedMs)
    if (end.kind !== 'unavailable' || signal.aborted) return
    pause = pauseAfter(pause, { ...end, nowMs: monotonicMs(), random })
    const pauseMs = Math.round(pause.untilMs - monotonicMs())
    logger.warn({ channel: channel.name, reason: end.reason, failures: pause.failures, pauseMs }, 'channel pauses')
  }

  const takeAndTell = async (call: Call, { key, expired }: Candidate): Promise<void> => {
    const decide = (now: DeliveryDocument): DeliveryDocument | undefined =>
      takeLease(now, { holder, kind: channel.kind, expired })
    const confirmedMs = monotonicMs()
    const document = await records.change({ key, decide })
    waiting.note(key, document)
    if (document?.holder === holder) await tell(call, { key, task: document, document, confirmedMs })
  }

  const startNext = (): void => {
    while (hasRoom()) {
      const candidate = waiting.next({ has: (key) => isBusy(key) || kept.has(key) })
      if (candidate === undefined || !reserve(candidate.key)) return
      start(candidate.key, (call) => takeAndTell(call, candidate))
    }
  }

  /** Gives back a lease that was kept in vain. */
  const giveBack = (key: string): void => {
    returning.add(key)
    run(key, async () => {
      try {
        waiting.note(key, await records.change({ key, decide: (now) => releaseLease(now, holder) }))
      } finally {
        returning.delete(key)
        startNext()
      }
    })
  }

  /** Goes on under a lease that was kept, where something arrived (`seq`) or another replica has marked the task. */
  const resume = (key: string, task: TaskRef, seq = 0): void => {
    const document = records.known(key)
    if (document?.holder !== holder || (!isWanting(document) && seq <= document.sent)) return
    if (!kept.has(key) || !reserve(key)) return
    const confirmedMs = kept.take(key)
    if (confirmedMs === undefined) return vacate(key)
    calls.get(key)?.arrivals.add(seq)
    start(key, (call) => tell(call, { key, task, document, confirmedMs }))
  }

  /** @returns true once the event was told under a lease that is in hand anyway, and that is recorded */
  const isToldUnmarked = async (task: TaskRef, seq: number): Promise<boolean> => {
    const key = deliveryKey(channel.name, task)
    // A sink that takes long, or nothing, would hold up the events of other channels.
    if (lastCallMs > PATIENCE_MS || pause.failures > 0) return false
    if (!isBusy(key) && !hasRoom()) await door.turn(PATIENCE_MS)
    resume(key, task, seq)
    return (await calls.get(key)?.arrivals.until(seq)) ?? false
  }

  /** What the delivery of a task counts as while there is none; `undefined`: there is one. */
  const absentDelivery = async (
    key: string,
    task: TaskRef,
    stored: StoredEvent,
  ): Promise<DeliveryDocument | undefined> => {
    if (isFirstOfTask(stored))
      return newDelivery({ channel: channel.name, task, told: Math.max(since, stored.seq) - 1 })
    if ((await records.get(key)) !== undefined) return undefined
    const events = await readTask({ ledger, task, fromSeq: since, signal: hard.signal })
    return newDelivery({ channel: channel.name, task, told: toldBefore({ since, events, now: clock.now() }) })
  }

  const storeMark = async (
    task: TaskRef,
    stored: StoredEvent,
    taker: string | undefined,
  ): Promise<DeliveryDocument | undefined> => {
    const key = deliveryKey(channel.name, task)
    const absent = await absentDelivery(key, task, stored)
    const decide = (now: DeliveryDocument): DeliveryDocument | undefined => markDirty(now, stored.seq, taker)
    const document = await records.change({ key, decide, ...(absent !== undefined && { absent }) })
    if (document === undefined && absent === undefined)
      throw new RetryableError('DOCUMENT_CONFLICT', `the delivery ${key} vanished`)
    return document
  }

  /** Without a delivery, whose record may have expired, everything up to the event counts as told. */
  const storeAgain = async (
    task: TaskRef,
    wanted: TellAgain,
    taker: string | undefined,
  ): Promise<DeliveryDocument | undefined> => {
    const key = deliveryKey(channel.name, task)
    const known = await records.get(key)
    if (known !== undefined && !hasRoomForAgain(known))
      throw new RetryableError('CHANNEL_UNAVAILABLE', `${key} has many events to tell again: some of them go first`)
    const absent = newDelivery({ channel: channel.name, task, told: Math.max(since - 1, wanted.sequence) })
    return await records.change({ key, absent, decide: (now) => markAgain(now, wanted, taker) })
  }

  /** Stores a mark, taking the lease with it where there is room to tell at once. */
  const markAndTell = async (
    task: TaskRef,
    store: (taker: string | undefined) => Promise<DeliveryDocument | undefined>,
  ): Promise<void> => {
    const key = deliveryKey(channel.name, task)
    if (!reserve(key)) {
      await store(undefined)
      return resume(key, task)
    }
    kept.take(key)
    const confirmedMs = monotonicMs()
    const document = await store(holder).catch((error: unknown) => {
      vacate(key)
      throw error
    })
    if (document?.holder !== holder) return vacate(key)
    start(key, (call) => tell(call, { key, task, document, confirmedMs }))
  }

  return {
    name: channel.name,
    mark: async (task, stored) => {
      if (await isToldUnmarked(task, stored.seq)) return
      await markAndTell(task, async (taker) => await storeMark(task, stored, taker))
    },
    markAgain: async (task, wanted) => await markAndTell(task, async (taker) => await storeAgain(task, wanted, taker)),
    observe: ({ key, value, revision }) => {
      if (value !== undefined) records.observe({ key, value, revision })
      waiting.note(key, value)
      if (value !== undefined) resume(key, value)
      startNext()
    },
    look: () => {
      for (const { lease } of calls.values()) lease?.beat()
      for (const key of kept.takeOutdated()) giveBack(key)
      startNext()
    },
    status: () => (pause.failures === 0 ? 'ok' : `paused: ${pause.reason}`),
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      const grace = setTimeout(() => hard.abort(new DOMException('the service stops', 'AbortError')), STOP_GRACE_MS)
      await Promise.all(running)
      for (const key of kept.takeAll()) giveBack(key)
      await Promise.all(running)
      clearTimeout(grace)
    },
  }
}
