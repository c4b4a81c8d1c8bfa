/** When a task is told: under a lease just taken, for what was marked; under one that was kept, for what follows. */
import type { DeliveryDocument, TaskRef } from '@orchestrator/shared/contracts'
import { isWanting, takeLease } from '../deliveries/delivery.ts'
import { holdLease } from '../deliveries/held-lease.ts'
import type { KeptLeases } from '../deliveries/kept-leases.ts'
import type { LeaseReturns } from '../deliveries/lease-returns.ts'
import type { Call, Calls } from './calls.ts'
import type { SinkWatch } from './sink-watch.ts'
import { type TaskTelling, tellTask, type TellerWorld } from './tell-task.ts'
import type { UnattendedWork } from './unattended-work.ts'
import type { Candidate, WaitingList } from './waiting-list.ts'

/** The parts of one channel's teller on one replica. */
export interface TellerParts extends Pick<TaskTelling, 'stopping' | 'signal'> {
  readonly world: TellerWorld
  readonly sink: SinkWatch
  readonly waiting: WaitingList
  readonly calls: Calls
  readonly kept: KeptLeases
  readonly returns: LeaseReturns
  readonly work: UnattendedWork
}

/** A task whose lease is held. */
export type LeasedTask = Pick<TaskTelling, 'key' | 'task' | 'document'> & {
  /** When the write was asked for that showed that the lease is held. */
  readonly confirmedMs: number
}

/** Takes up what was marked, oldest first, while there is room. */
export function startNext(parts: TellerParts): void {
  const { calls, waiting, kept, returns } = parts
  const has = (key: string): boolean => calls.get(key) !== undefined || returns.has(key) || kept.has(key)
  while (calls.hasRoom()) {
    const candidate = waiting.next({ has })
    if (candidate === undefined || !calls.reserve(candidate.key)) return
    start(parts, candidate.key, (call) => takeAndTell(parts, call, candidate))
  }
}

export interface Resumption {
  readonly key: string
  readonly task: TaskRef
  /** What arrived, where it was not marked. */
  readonly seq?: number
}

/** Goes on under a lease that was kept, where something arrived or another replica has marked the task. */
export function resume(parts: TellerParts, { key, task, seq = 0 }: Resumption): void {
  const { world, calls, kept } = parts
  const document = world.records.known(key)
  if (document?.holder !== world.holder || (!isWanting(document) && seq <= document.sent)) return
  if (!kept.has(key) || !calls.reserve(key)) return
  const confirmedMs = kept.take(key)
  if (confirmedMs === undefined) return calls.vacate(key)
  calls.get(key)?.arrivals.add(seq)
  startTelling(parts, { key, task, document, confirmedMs })
}

/** Tells a task whose key is reserved. */
export function startTelling(parts: TellerParts, leased: LeasedTask): void {
  start(parts, leased.key, (call) => tell(parts, call, leased))
}

function start({ calls, work }: TellerParts, key: string, does: (call: Call) => Promise<void>): void {
  const call = calls.get(key)
  if (call !== undefined) work.run(key, async () => await does(call).finally(() => calls.vacate(key)))
}

async function takeAndTell(parts: TellerParts, call: Call, { key, expired }: Candidate): Promise<void> {
  const { records, holder, clock } = parts.world
  const { kind } = parts.sink.channel
  const confirmedMs = clock.monotonicMs()
  const decide = (now: DeliveryDocument): DeliveryDocument | undefined => takeLease(now, { holder, kind, expired })
  const document = await records.change({ key, decide })
  parts.waiting.note(key, document)
  if (document?.holder === holder) await tell(parts, call, { key, task: document, document, confirmedMs })
}

async function tell(parts: TellerParts, call: Call, { confirmedMs, ...leased }: LeasedTask): Promise<void> {
  const { world, sink, kept, stopping, signal } = parts
  const { arrivals } = call
  const lease = holdLease(world, { key: leased.key, confirmedMs })
  call.lease = lease
  const end = await tellTask(world, { ...leased, lease, arrivals, channel: sink.channel, stopping, signal })
  if (end.kind === 'kept') return kept.keep(leased.key, lease.confirmedMs)
  if (end.kind === 'unavailable' && !signal.aborted) sink.unavailable(end)
}
