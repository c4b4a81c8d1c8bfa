/** From stored bytes to events, for every reader alike. */
import { type LedgerEvent, type OrchestratorEvent, readEvent } from '../../contracts/index.ts'
import { RetryableError, TerminalError } from '../../core/index.ts'
import type { BrokerLog } from '../connection/connection.ts'
import type { PassedOver, ScanOptions, StoredEvent } from '../ports.ts'
import { storedTime, type TimedMessage } from './stored-time.ts'

/** A stored message, however it was fetched. */
export interface StoredMessage extends TimedMessage {
  readonly seq: number
  readonly subject: string
  readonly data: Uint8Array
}

export type ReadMessage =
  | { readonly kind: 'event'; readonly stored: StoredEvent }
  | { readonly kind: 'foreign' | 'tooNew'; readonly type: string }
  | { readonly kind: 'unreadable'; readonly problem: string }

export function readMessage(message: StoredMessage): ReadMessage {
  const { seq, subject, data } = message
  const read = readEvent(data)
  if (read.kind !== 'event') return read
  return { kind: 'event', stored: { seq, subject, time: storedTime(message), event: read.event } }
}

export function isLedgerEvent(stored: StoredEvent): stored is StoredEvent<LedgerEvent> {
  return stored.event.type !== 'attempt.progressed'
}

export function isProgress(stored: StoredEvent): stored is StoredEvent<ProgressEvent> {
  return stored.event.type === 'attempt.progressed'
}
export type ProgressEvent = Extract<OrchestratorEvent, { type: 'attempt.progressed' }>

interface GoingOn {
  readonly logger: BrokerLog
  readonly onPassedOver?: ((passed: PassedOver) => void) | undefined
  readonly refuse?: ScanOptions['refuse']
}

/**
 * For readers that go on: undefined for what is not ours to read, which is logged where it should not be there.
 * @throws what they refuse to pass over
 */
export function readOrLog(message: StoredMessage, { logger, onPassedOver, refuse }: GoingOn): StoredEvent | undefined {
  const read = readMessage(message)
  assertReadable(message, read, refuse)
  const { seq, subject } = message
  if (read.kind === 'event') return read.stored
  if (read.kind === 'unreadable') logger.error({ seq, subject, problem: read.problem }, 'a stored event cannot be read')
  if (read.kind === 'tooNew') logger.warn({ seq, subject, type: read.type }, 'a stored event is of a newer release')
  onPassedOver?.({ seq, kind: read.kind })
  return undefined
}

/**
 * For readers that decide from the whole subject: nothing may be passed over but types that are not ours.
 * @throws RetryableError EVENT_TOO_NEW, TerminalError EVENT_UNREADABLE
 */
export function readStrictly(message: StoredMessage): StoredEvent<LedgerEvent> | undefined {
  const read = readMessage(message)
  assertReadable(message, read, 'all')
  return read.kind === 'event' && isLedgerEvent(read.stored) ? read.stored : undefined
}

/** @throws RetryableError EVENT_TOO_NEW; with `all` also TerminalError EVENT_UNREADABLE */
function assertReadable({ seq, subject }: StoredMessage, read: ReadMessage, refuse: ScanOptions['refuse']): void {
  const where = `${subject} at ${seq}`
  if (read.kind === 'unreadable' && refuse === 'all')
    throw new TerminalError('EVENT_UNREADABLE', `${where} cannot be read: ${read.problem}`)
  if (read.kind === 'tooNew' && refuse !== undefined)
    throw new RetryableError('EVENT_TOO_NEW', `${where} is of a newer release: ${read.type}`)
}
