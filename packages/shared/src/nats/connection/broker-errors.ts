import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import { errors } from '@nats-io/nats-core'
import { RetryableError } from '../../core/index.ts'

/**
 * What a failed request to the broker means.
 *
 * - `conflict`: refused, the expected last sequence is not the last one.
 * - `full`: refused for space.
 * - `unavailable`: no answer, or none that tells whether it was done.
 * - `other`: a refusal that no waiting changes, or a bug.
 */
export type BrokerFault = 'conflict' | 'full' | 'unavailable' | 'other'

/** Error codes of the server, which the client does not name. */
const ACCOUNT_LIMIT = 10_002
const INSUFFICIENT_RESOURCES = 10_023
const STORAGE_EXCEEDED = 10_047
const STORE_FAILED = 10_077
const JETSTREAM_NOT_ENABLED = 10_076
/** A cluster whose members have not all been heard of yet. */
const NO_PEERS = 10_005

const FULL: readonly number[] = [ACCOUNT_LIMIT, INSUFFICIENT_RESOURCES, STORAGE_EXCEEDED, STORE_FAILED]
const CONFLICT: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]
const SILENT = [
  errors.TimeoutError,
  errors.RequestError,
  errors.NoRespondersError,
  errors.ConnectionError,
  errors.ClosedConnectionError,
  errors.DrainingConnectionError,
  JetStreamError,
]
const SERVICE_UNAVAILABLE = 503

export function brokerFault(error: unknown): BrokerFault {
  if (error instanceof JetStreamApiError) return apiFault(error)
  if (isPermissionError(error)) return 'other'
  if (isNobodyThere(error)) return 'unavailable'
  return SILENT.some((kind) => error instanceof kind) ? 'unavailable' : 'other'
}

function apiFault({ code, status }: JetStreamApiError): BrokerFault {
  if (CONFLICT.includes(code)) return 'conflict'
  if (FULL.includes(code)) return 'full'
  return status === SERVICE_UNAVAILABLE || code === NO_PEERS ? 'unavailable' : 'other'
}

function isPermissionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error instanceof errors.PermissionViolationError || isPermissionError(error.cause)
}

/** The client's word for: nobody listens on JetStream's subjects, or no leader yet. It exports no class for it. */
function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled'
}

/** At connect: the server, or the user's account on it, has no JetStream. */
export function isJetStreamMissing(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return isNobodyThere(error)
  return error.code === JetStreamApiCodes.JetStreamNotEnabledForAccount || error.code === JETSTREAM_NOT_ENABLED
}

export function isNotFound(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamNotFound || error.code === JetStreamApiCodes.ConsumerNotFound)
  )
}

export function unavailable(doing: string, cause?: unknown): RetryableError {
  return new RetryableError(
    'BROKER_UNAVAILABLE',
    `the broker is unavailable: ${doing}`,
    cause === undefined ? {} : { cause },
  )
}

/** Turns what the client throws into our errors; what it cannot name stays as it is. */
export function brokerError(error: unknown, doing: string): unknown {
  switch (brokerFault(error)) {
    case 'unavailable':
      return unavailable(doing, error)
    case 'full':
      return new RetryableError('LEDGER_FULL', `the broker has no room: ${doing}`, { cause: error })
    case 'conflict':
    case 'other':
      return error
  }
}

interface Reachable {
  readonly connected: boolean
  onChange(listener: (connected: boolean) => void): () => void
}

/**
 * Runs one request to the broker. At a disconnect the answer is not waited for any longer, because none will come.
 * @throws RetryableError BROKER_UNAVAILABLE at once while disconnected
 */
export async function ask<T>(broker: Reachable, doing: string, request: () => Promise<T>): Promise<T> {
  if (!broker.connected) throw unavailable(`${doing} while disconnected`)
  const lost = Promise.withResolvers<never>()
  const forget = broker.onChange(() => lost.reject(unavailable(`disconnected while ${doing}`)))
  try {
    return await Promise.race([request(), lost.promise])
  } catch (error) {
    throw brokerError(error, doing)
  } finally {
    forget()
  }
}
