/**
 * What one channel still has to tell of one task, as a document that all replicas share. Pure: each function takes the
 * document as it is now and gives the one to write instead, so a lost race is met by deciding again.
 *
 * `holder` and `beat` are a lease. It is judged by how long it has not changed on the observer's own clock, and never
 * trusted: every write names the revision that it replaces, so whoever lost the lease finds out before the next call.
 */
import type { DeliveryDocument, TaskRef, TellAgain } from '@orchestrator/shared/contracts'
import type { ChannelKind } from '../channels/port.ts'

export const LEASE_RENEW_MS = 5_000
export const LEASE_EXPIRES_MS = 20_000
export const NOBODY = ''

export interface NewDelivery {
  readonly channel: string
  readonly task: TaskRef
  /** Everything up to this sequence is none of the channel's business. */
  readonly told: number
}

/** A channel's first word of a task. */
export function newDelivery({ channel, task: { service, tag, taskId }, told }: NewDelivery): DeliveryDocument {
  return { v: 1, channel, service, tag, taskId, dirty: told, sent: told, holder: NOBODY, beat: 0 }
}

export function isSettled(document: DeliveryDocument): boolean {
  return !isWanting(document) && document.holder === NOBODY
}

/** There is something to tell. */
export function isWanting({ dirty, sent, again = [] }: DeliveryDocument): boolean {
  return dirty > sent || again.length > 0
}

/** An event arrived. With a `taker` that has room to tell, an unheld lease is taken in the same write. */
export function markDirty(document: DeliveryDocument, seq: number, taker?: string): DeliveryDocument | undefined {
  if (seq <= document.dirty || seq <= document.sent) return undefined
  const marked = { ...document, dirty: seq }
  return taker !== undefined && document.holder === NOBODY ? withLease(marked, taker) : marked
}

/** Of one task; beyond it a person waits until some of them are told. */
const AGAIN_MAX = 200

export function hasRoomForAgain({ again = [] }: DeliveryDocument): boolean {
  return again.length < AGAIN_MAX
}

/** A person wants an event told again that the channel had refused. `undefined`: it is noted already. */
export function markAgain(document: DeliveryDocument, wanted: TellAgain, taker?: string): DeliveryDocument | undefined {
  const { again = [] } = document
  if (again.some(({ letter }) => letter === wanted.letter)) return undefined
  const marked = { ...document, again: [...again, wanted] }
  return taker !== undefined && document.holder === NOBODY ? withLease(marked, taker) : marked
}

export type Lease = Pick<DeliveryDocument, 'holder' | 'beat'>

export interface Taking {
  readonly holder: string
  readonly kind: ChannelKind
  /** The lease of another replica that has not changed for `LEASE_EXPIRES_MS`. */
  readonly expired: Lease | undefined
}

export function isSameLease(a: Lease, b: Lease): boolean {
  return a.holder === b.holder && a.beat === b.beat
}

/** Takes the lease where there is something to tell; else clears a dead holder away. `undefined`: leave it alone. */
export function takeLease(document: DeliveryDocument, { holder, kind, expired }: Taking): DeliveryDocument | undefined {
  if (isSettled(document)) return undefined
  if (document.holder === NOBODY || document.holder === holder) return leaseOrClear(document, holder)
  if (expired === undefined || !isSameLease(document, expired)) return undefined
  return leaseOrClear(kind === 'latest' ? dirtyAgain(document) : document, holder)
}

function leaseOrClear(document: DeliveryDocument, holder: string): DeliveryDocument {
  return isWanting(document) ? withLease(document, holder) : { ...document, holder: NOBODY }
}

/** A sign of life; `undefined`: the lease is lost. */
export function renewLease(document: DeliveryDocument, holder: string): DeliveryDocument | undefined {
  return document.holder === holder ? withLease(document, holder) : undefined
}

/** Gives the lease back with whatever is left to tell; `undefined`: it was lost already. */
export function releaseLease(document: DeliveryDocument, holder: string): DeliveryDocument | undefined {
  return document.holder === holder ? { ...document, holder: NOBODY } : undefined
}

export interface Call {
  readonly holder: string
  readonly kind: ChannelKind
  /** The event that was delivered or passed over; of a `latest` channel the newest that was rendered. */
  readonly seq: number
  /** More events of this task are at hand or soon to come: keep the lease. */
  readonly more: boolean
  /** It was told because of this letter. */
  readonly letter?: number
}

/**
 * A call to the sink succeeded. Recorded even when the lease was lost meanwhile: the new holder then skips what was
 * delivered (`each`), or shows the latest state once more, because its call may have come before ours (`latest`).
 */
export function recordCall(before: DeliveryDocument, call: Call): DeliveryDocument | undefined {
  const { holder, kind, more } = call
  const document = withoutAgain(before, call.letter)
  // An event that is told again says nothing about those before it.
  const seq = call.letter !== undefined && kind === 'each' ? 0 : call.seq
  const told = withSent(document, seq)
  if (document.holder !== holder) {
    if (kind === 'latest') return dirtyAgain(document)
    return document === before && told.sent === document.sent ? undefined : told
  }
  return more || isWanting(told) ? withLease(told, holder) : { ...told, holder: NOBODY }
}

function withoutAgain(document: DeliveryDocument, told: number | undefined): DeliveryDocument {
  const { again = [], ...rest } = document
  const left = again.filter(({ letter }) => letter !== told)
  if (left.length === again.length) return document
  return left.length === 0 ? rest : { ...rest, again: left }
}

function withLease(document: DeliveryDocument, holder: string): DeliveryDocument {
  return { ...document, holder, beat: document.beat + 1 }
}

/** What was told without a mark of its own leaves one all the same. */
function withSent(document: DeliveryDocument, seq: number): DeliveryDocument {
  const sent = Math.max(document.sent, seq)
  return { ...document, sent, dirty: Math.max(document.dirty, sent) }
}

/** The last write must be the latest state, so there is always something left to show. */
function dirtyAgain(document: DeliveryDocument): DeliveryDocument {
  return { ...document, sent: Math.min(document.sent, document.dirty - 1) }
}
