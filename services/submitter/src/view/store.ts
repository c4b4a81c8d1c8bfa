import type { DatabaseSync } from 'node:sqlite'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { noteHeld } from './absence.ts'
import { createCursors, type Cursor, type Cursors, type StreamName, type ViewOrigin } from './cursors.ts'
import { foldEvent } from './fold.ts'
import { createHashFilter } from './hash-filter.ts'
import { createLatestSpecs } from './latest-specs.ts'
import { countLive, createLiveCounts } from './live-counts.ts'
import { openDatabase } from './open-database.ts'
import { createViewQueries, type ViewQueries } from './queries.ts'
import { INDEX_CREATIONS } from './schema.ts'
import { createWholeAttempts } from './whole-attempts.ts'
import { createViewWriter } from './writer.ts'

/** One view's file, open. Reads see what was applied at once, the disk when it was committed. */
export interface ViewStore extends Disposable {
  /** Of a new view only when it has its indexes. */
  readonly queries: ViewQueries
  /** The last event applied. */
  cursor(stream: StreamName): Cursor | undefined
  /** Undefined for a new one. */
  origin(): ViewOrigin | undefined
  setOrigin(origin: ViewOrigin): void
  /** Adds an event to the open transaction, and begins one where there is none. Events at or before the cursor change nothing. */
  apply(stream: StreamName, stored: StoredEvent): void
  /** One of the indexes that queries need, to be called until it says that there are no more: then it can be read. */
  makeNextIndex(): boolean
  /** Writes what was applied, with the cursors, in one transaction. */
  commit(): void
}

export function openViewStore(file: string, cacheMib?: number): ViewStore {
  const database = openDatabase(file, cacheMib)
  const missing = missingIndexes(database)
  const live = missing.length > 0 ? createLiveCounts([]) : countLive(database)
  const kept = { live, specs: createLatestSpecs(database), absence: createHashFilter() }
  if (missing.length === 0) noteHeld(database, kept.absence)
  const writer = createViewWriter(database, kept)
  let whole = missing.length > 0 ? createWholeAttempts(writer) : undefined
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
      if (change !== undefined) (whole ?? writer).write(change)
      const { seq } = stored
      if (seq > (applied.get(stream)?.seq ?? 0)) applied.set(stream, { seq, eventId: stored.event.id })
    },
    makeNextIndex: () => {
      whole?.flush()
      whole = undefined
      const creation = missing.shift()
      if (creation !== undefined) database.exec(creation)
      if (creation !== undefined && missing.length === 0) noteHeld(database, kept.absence)
      return missing.length > 0
    },
    commit: () => {
      if (!database.isTransaction) return
      whole?.flush()
      for (const [stream, cursor] of applied) cursors.set(stream, cursor)
      database.exec('COMMIT')
    },
    // What was not committed is applied again from the stream.
    [Symbol.dispose]: () => {
      database.close()
    },
  }
}

/** How to make them. A view that was left half filled gets them at once, and goes on with them. */
function missingIndexes(database: DatabaseSync): string[] {
  const made = new Set(
    database
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
  )
  const missing = [...INDEX_CREATIONS].filter(([name]) => !made.has(name)).map(([, creation]) => creation)
  if (database.prepare('SELECT 1 FROM attempts LIMIT 1').get() === undefined) return missing
  for (const creation of missing) database.exec(creation)
  return []
}

function storedCursors(cursors: Cursors): Map<StreamName, Cursor> {
  const stored = new Map<StreamName, Cursor>()
  for (const stream of ['TASKS', 'PROGRESS'] as const) {
    const cursor = cursors.get(stream)
    if (cursor !== undefined) stored.set(stream, cursor)
  }
  return stored
}
