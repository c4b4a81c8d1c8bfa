import {
  type DeliveryDocument,
  deliveryKey,
  type LedgerEvent,
  type TaskRef,
  type TellAgain,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'
import type { Channel } from './channels/port.ts'
import { hasRoomForAgain, markAgain, markDirty, newDelivery, takeLease } from './delivery.ts'
import { isFirstOfTask, toldBefore } from './first-word.ts'
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

/** One channel on one replica: marks tasks as dirty, and tells them where no other replica does. */
export interface ChannelTeller extends AsyncDisposable {
  readonly name: string
  /** An event arrived. Settles once the mark is stored, however long the sink takes. */
  mark(task: TaskRef, stored: StoredEvent<LedgerEvent>): Promise<void>
  /** A person wants an event told again that the channel had refused. Settles once that is stored. */
  markAgain(task: TaskRef, wanted: TellAgain): Promise<void>
  observe(seen: SeenDelivery): void
  /** Starts what may be started. Called by a timer too: leases expire and pauses end without a sound. */
  look(): void
  /** `ok`, or why it does not tell. */
  status(): string
}

type Work = Pick<TaskTelling, 'key' | 'task' | 'document'>

export function createChannelTeller({ world, channel, since, concurrency }: ChannelTellerOptions): ChannelTeller {
  const { records, ledger, holder, clock, random, logger } = world
  const waiting = createWaitingList({ holder, monotonicMs: () => clock.monotonicMs(), random })
  const busy = new Set<string>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  const hard = new AbortController()
  let pause: Pause = NO_PAUSE

  /** Any answer proves that the sink is there. */
  const watched: Channel = {
    ...channel,
    tell: async (telling, signal) => {
      const told = await channel.tell(telling, signal)
      if (told === 'delivered' || 'rejected' in told) pause = NO_PAUSE
      return told
    },
  }

  const hasRoom = (): boolean =>
    !stopping.signal.aborted && busy.size < allowedCalls(pause, clock.monotonicMs(), concurrency)

  const reserve = (key: string): boolean => {
    const reserved = hasRoom() && !busy.has(key)
    if (reserved) busy.add(key)
    return reserved
  }

  const vacate = (key: string): void => {
    busy.delete(key)
    look()
  }

  /** Works on a reserved key without anybody waiting for it, except the end of the service. */
  const start = (key: string, work: () => Promise<void>): void => {
    const supervise = async (): Promise<void> => {
      try {
        await work()
      } catch (error) {
        waiting.failed(key)
        if (!hard.signal.aborted) logger.warn({ channel: channel.name, key, err: error }, 'telling interrupted')
      } finally {
        vacate(key)
      }
    }
    const ended = supervise().finally(() => running.delete(ended))
    running.add(ended)
  }

  const tell = async (work: Work): Promise<void> => {
    const end = await tellTask(world, {
      ...work,
      channel: watched,
      stopping: stopping.signal,
      signal: hard.signal,
    })
    if (end.kind !== 'unavailable' || hard.signal.aborted) return
    pause = pauseAfter(pause, { ...end, nowMs: clock.monotonicMs(), random })
    const pauseMs = Math.round(pause.untilMs - clock.monotonicMs())
    logger.warn({ channel: channel.name, reason: end.reason, failures: pause.failures, pauseMs }, 'channel pauses')
  }

  const takeAndTell = async ({ key, expired }: Candidate): Promise<void> => {
    const decide = (now: DeliveryDocument): DeliveryDocument | undefined =>
      takeLease(now, { holder, kind: channel.kind, expired })
    const document = await records.change({ key, decide })
    waiting.note(key, document)
    if (document?.holder === holder) await tell({ key, task: document, document })
  }

  const look = (): void => {
    while (hasRoom()) {
      const candidate = waiting.next(busy)
      if (candidate === undefined) return
      busy.add(candidate.key)
      start(candidate.key, () => takeAndTell(candidate))
    }
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
    if (!reserve(key)) return void (await store(undefined))
    const document = await store(holder).catch((error: unknown) => {
      vacate(key)
      throw error
    })
    if (document?.holder !== holder) return vacate(key)
    start(key, () => tell({ key, task, document }))
  }

  return {
    name: channel.name,
    mark: async (task, stored) => await markAndTell(task, async (taker) => await storeMark(task, stored, taker)),
    markAgain: async (task, wanted) => await markAndTell(task, async (taker) => await storeAgain(task, wanted, taker)),
    observe: ({ key, value, revision }) => {
      if (value !== undefined) records.observe({ key, value, revision })
      waiting.note(key, value)
      look()
    },
    look,
    status: () => (pause.failures === 0 ? 'ok' : `paused: ${pause.reason}`),
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      const grace = setTimeout(() => hard.abort(new DOMException('the service stops', 'AbortError')), STOP_GRACE_MS)
      await Promise.all(running)
      clearTimeout(grace)
    },
  }
}
