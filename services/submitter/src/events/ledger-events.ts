/** The ledger as server-sent events, from a position on. */
import {
  type EventGap,
  type EventPosition,
  formatEventId,
  ledgerSubjects,
  type LedgerFilter,
  sequenceText,
  type StreamedEvent,
} from '@orchestrator/shared/contracts'
import { isAbort } from '@orchestrator/shared/core'
import type { Ledger, PassedOver, StoredEvent } from '@orchestrator/shared/nats'
import { formatSse } from './sse.ts'

export interface EventsQuery {
  readonly filter: LedgerFilter
  /** The last event that the reader has. */
  readonly after: EventPosition | undefined
  /** Where it begins without one; left out: with what comes. */
  readonly fromSequence: number | undefined
}

export interface EventsOptions extends EventsQuery {
  readonly ledger: Pick<Ledger, 'generation' | 'lastSeq' | 'follow'>
  readonly signal: AbortSignal
}

export interface EventsStart {
  readonly position: EventPosition
  readonly gap: EventGap | undefined
}

/** Where to begin. Pure. */
export function startOf({ after, fromSequence }: Omit<EventsQuery, 'filter'>, end: EventPosition): EventsStart {
  const { generation, sequence } = end
  if (after === undefined) {
    return {
      position: { generation, sequence: Math.min((fromSequence ?? sequence + 1) - 1, sequence) },
      gap: undefined,
    }
  }
  if (after.generation === generation && after.sequence <= sequence) return { position: after, gap: undefined }
  const message = `the ledger was restored since: read GET /v1/attempts?after=${sequence}; what comes is told from here on`
  return { position: end, gap: { reason: 'restored', sequence, message } }
}

/**
 * Ends with the signal, and when the ledger is restored meanwhile: who comes again is told so.
 * @throws RetryableError BROKER_UNAVAILABLE before anything is sent
 */
export async function openEvents(options: EventsOptions): Promise<AsyncIterable<string>> {
  const { ledger, signal } = options
  const sequence = await ledger.lastSeq(signal)
  return readEvents(options, startOf(options, { generation: ledger.generation, sequence }))
}

async function* readEvents(
  { ledger, filter, signal }: EventsOptions,
  { position, gap }: EventsStart,
): AsyncGenerator<string> {
  const { generation, sequence } = position
  // Sends the headers, and where to go on when the connection breaks before the first event.
  yield formatSse({ id: formatEventId(position) })
  if (gap !== undefined) yield formatSse({ event: 'gap', data: gap })
  let passed: PassedOver | undefined
  const onPassedOver = (over: PassedOver): void => void (passed = over)
  const subjects = ledgerSubjects(filter)
  try {
    for await (const stored of ledger.follow({ subjects, fromSeq: sequence + 1, onPassedOver, signal })) {
      if (ledger.generation !== generation) return
      if (passed !== undefined) yield formatSse({ event: 'gap', data: toGap(passed) })
      passed = undefined
      yield toSse(stored, generation)
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error
  }
}

function toSse({ seq, event }: StoredEvent, generation: number): string {
  const data = { ...event, sequence: sequenceText(seq) } satisfies StreamedEvent
  return formatSse({ id: formatEventId({ generation, sequence: seq }), event: event.type, data })
}

function toGap({ seq }: PassedOver): EventGap {
  const message = 'this release cannot read an event: ask a newer one, or look at GET /v1/attempts'
  return { reason: 'unreadable', sequence: seq, message }
}
