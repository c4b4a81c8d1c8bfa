import type { StoredEvent } from '@orchestrator/shared/nats'
import { createCursors, type Cursor, type Cursors, type StreamName, type ViewOrigin } from './cursors.ts'
import { foldEvent } from './fold.ts'
import { createLatestSpecs } from './latest-specs.ts'
import { countLive } from './live-counts.ts'
import { openDatabase } from './open-database.ts'
import { createViewQueries, type ViewQueries } from './queries.ts'
import { createViewWriter } from './writer.ts'

/** One view's file, open. Reads see what was applied at once, the disk when it was committed. */
export interface ViewStore extends Disposable {
  readonly queries: ViewQueries
  /** The last event applied. */
  cursor(stream: StreamName): Cursor | undefined
  /** Undefined for a new one. */
  origin(): ViewOrigin | undefined
  setOrigin(origin: ViewOrigin): void
  /** Adds an event to the open transaction, and begins one where there is none. Events at or before the cursor change nothing. */
  apply(stream: StreamName, stored: StoredEvent): void
  /** Writes what was applied, with the cursors, in one transaction. */
  commit(): void
}

export function openViewStore(file: string): ViewStore {
  const database = openDatabase(file)
  const kept = { live: countLive(database), specs: createLatestSpecs(database) }
  const writer = createViewWriter(database, kept)
  const cursors = createCursors(database)
  const queries = createViewQueries(database, kept)
  const applied = storedCursors(cursors)
  return {
    queries,
    cursor: (stream) => applied.get(stream),
    origin: () => cursors.origin(),
    setOrigin: (origin) => cursors.setOrigin(origin),
    apply: (stream, stored) => {
      if (!database.isTransaction) database.exec('BEGIN')
      const change = foldEvent(stored)
      if (change !== undefined) writer.write(change)
      const { seq } = stored
      if (seq > (applied.get(stream)?.seq ?? 0)) applied.set(stream, { seq, eventId: stored.event.id })
    },
    commit: () => {
      if (!database.isTransaction) return
      for (const [stream, cursor] of applied) cursors.set(stream, cursor)
      database.exec('COMMIT')
    },
    // What was not committed is applied again from the stream.
    [Symbol.dispose]: () => {
      database.close()
    },
  }
}

function storedCursors(cursors: Cursors): Map<StreamName, Cursor> {
  const stored = new Map<StreamName, Cursor>()
  for (const stream of ['TASKS', 'PROGRESS'] as const) {
    const cursor = cursors.get(stream)
    if (cursor !== undefined) stored.set(stream, cursor)
  }
  return stored
}
