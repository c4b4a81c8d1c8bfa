import { setImmediate as nextTurn } from 'node:timers/promises'
import { RetryableError } from '@orchestrator/shared/core'
import type { FollowOptions, StoredEvent } from '@orchestrator/shared/nats'
import type { StreamName } from './cursors.ts'
import type { Streams } from './same-history.ts'
import type { ViewStore } from './store.ts'

export interface ProjectionOptions {
  readonly store: ViewStore
  readonly streams: Streams
  /** All that a stream held when it was asked has been applied: at the start, and after each reconnect. */
  readonly onCaughtUp: (stream: StreamName) => void
  /** More events can be read. */
  readonly onApplied: () => void
  /** There was an event of the ledger that this release does not know: it is as good as applied. */
  readonly onPassedOver: (seq: number) => void
  /** Rejects to end it. */
  readonly interrupted: Promise<never>
  readonly signal: AbortSignal
}

/**
 * A transaction ends after so many events, or so much time. Long ones write a page of an index once for many events: with 50
 * ms an event costs twice as much. What a crash loses of a view is read again from the ledger.
 */
const BATCH_MAX = 4000
const COMMIT_AFTER_MS = 1000
/** A view that catches up lets others have their turn this often. */
const TURN_EVENTS = 250

/**
 * Follows both streams into the store until the signal aborts.
 * @throws what following or the database throws; RetryableError VIEW_NOT_READY when the progress stream is another one
 */
export async function runProjection(options: ProjectionOptions): Promise<void> {
  const failed = Promise.withResolvers<never>()
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const batch = createBatch(options, failed.reject)
  const follow = async (stream: StreamName): Promise<void> => {
    for await (const stored of openStream(stream, { ...options, signal })) {
      if (batch.add(stream, stored) % TURN_EVENTS === 0) await nextTurn()
    }
    signal.throwIfAborted()
    throw new RetryableError('BROKER_UNAVAILABLE', `following ${stream} has ended`)
  }
  const follows = [follow('TASKS'), follow('PROGRESS')]
  try {
    await Promise.race([options.interrupted, failed.promise, ...follows])
  } finally {
    ended.abort(new DOMException('the projection ends', 'AbortError'))
    await Promise.allSettled(follows)
    batch.stop()
  }
}

function openStream(stream: StreamName, options: ProjectionOptions): AsyncIterable<StoredEvent> {
  const { store, streams, signal } = options
  const cursor = store.cursor(stream)
  const following = { signal, onCaughtUp: () => options.onCaughtUp(stream) } satisfies FollowOptions
  if (stream === 'TASKS') {
    const onPassedOver: FollowOptions['onPassedOver'] = ({ seq }) => options.onPassedOver(seq)
    return streams.ledger.follow({ ...following, onPassedOver, fromSeq: (cursor?.seq ?? 0) + 1 })
  }
  // Progress ages out, so its cursor is compared here, as far as the event is still there.
  return sameFrom(streams.progress.follow({ ...following, fromSeq: cursor?.seq ?? 1 }), cursor)
}

async function* sameFrom(
  events: AsyncIterable<StoredEvent>,
  cursor: { readonly seq: number; readonly eventId: string } | undefined,
): AsyncGenerator<StoredEvent> {
  for await (const stored of events) {
    if (stored.seq === cursor?.seq && stored.event.id !== cursor.eventId) {
      throw new OtherHistory('the progress stream holds other events than the view')
    }
    if (stored.seq > (cursor?.seq ?? 0)) yield stored
  }
}

/** The streams are not the ones that the view was filled from. */
export class OtherHistory extends RetryableError {
  constructor(message: string) {
    super('VIEW_NOT_READY', message)
  }
}

interface Batch {
  /** @returns how many events are in the transaction */
  add(stream: StreamName, stored: StoredEvent): number
  stop(): void
}

/**
 * One transaction for the events of a moment: whoever reads through this connection sees them before it is committed,
 * and what a crash loses of it is read again from the stream.
 */
function createBatch({ store, onApplied }: ProjectionOptions, fail: (error: unknown) => void): Batch {
  let size = 0
  let telling: NodeJS.Immediate | undefined
  let committing: NodeJS.Timeout | undefined
  const tell = (): void => {
    telling = undefined
    onApplied()
  }
  const commit = (): void => {
    clearTimeout(committing)
    committing = undefined
    size = 0
    try {
      store.commit()
    } catch (error) {
      fail(error)
    }
  }
  return {
    add: (stream, stored) => {
      store.apply(stream, stored)
      size += 1
      telling ??= setImmediate(tell)
      committing ??= setTimeout(commit, COMMIT_AFTER_MS)
      if (size === BATCH_MAX) commit()
      return size
    },
    stop: () => {
      clearImmediate(telling)
      commit()
    },
  }
}
