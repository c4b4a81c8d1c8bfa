/**
 * What one channel still has to tell of one task, as a document that all replicas share. Pure: each function takes the
 * document as it is now and gives the one to write instead, so a lost race is met by deciding again.
 *
 * `holder` and `beat` are a lease. It is judged by how long it has not changed on the observer's own clock, and never
 * trusted: every write names the revision that it replaces, so whoever lost the lease finds out before the next call.
 */
import type { DeliveryDocument, TaskRef } from '@orchestrator/shared/contracts'
import type { ChannelKind } from './channels/port.ts'

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

export function isSettled({ dirty, sent, holder }: DeliveryDocument): boolean {
  return dirty <= sent && holder === NOBODY
}

/** An event arrived. With a `taker` that has room to tell, an unheld lease is taken in the same write. */
export function markDirty(document: DeliveryDocument, seq: number, taker?: string): DeliveryDocument | undefined {
  if (seq <= document.dirty || seq <= document.sent) return undefined
  const marked = { ...document, dirty: seq }
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

/** Takes the lease where there is something to tell or a dead holder to clear away. `undefined`: leave it alone. */
export function takeLease(document: DeliveryDocument, { holder, kind, expired }: Taking): DeliveryDocument | undefined {
  if (isSettled(document)) return undefined
  if (document.holder === NOBODY || document.holder === holder) return withLease(document, holder)
  if (expired === undefined || !isSameLease(document, expired)) return undefined
  return withLease(kind === 'latest' ? dirtyAgain(document) : document, holder)
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
  /** More events of this task are at hand: keep the lease. */
  readonly more: boolean
}

/**
 * A call to the sink succeeded. Recorded even when the lease was lost meanwhile: the new holder then skips what was
 * delivered (`each`), or shows the latest state once more, because its call may have come before ours (`latest`).
 */
export function recordCall(document: DeliveryDocument, call: Call): DeliveryDocument | undefined {
  const { holder, kind, seq, more } = call
  const sent = Math.max(document.sent, seq)
  if (document.holder !== holder) return kind === 'latest' ? dirtyAgain(document) : raiseSent(document, sent)
  const isLast = !more && document.dirty <= sent
  return isLast ? { ...document, sent, holder: NOBODY } : withLease({ ...document, sent }, holder)
}

function withLease(document: DeliveryDocument, holder: string): DeliveryDocument {
  return { ...document, holder, beat: document.beat + 1 }
}

function raiseSent(document: DeliveryDocument, sent: number): DeliveryDocument | undefined {
  return sent > document.sent ? { ...document, sent } : undefined
}

/** The last write must be the latest state, so there is always something left to show. */
function dirtyAgain(document: DeliveryDocument): DeliveryDocument {
  return { ...document, sent: Math.min(document.sent, document.dirty - 1) }
}
