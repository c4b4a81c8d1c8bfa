import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

export type StreamName = 'TASKS' | 'PROGRESS'

/** The last event of a stream that the view has: its place, and its identity to compare with the stream. */
export interface Cursor {
  readonly seq: number
  readonly eventId: string
}

/** The state of the ledger that a view was begun in: one of another state is made anew. */
export interface ViewOrigin {
  readonly generation: number
  readonly views: number
}

const Fact = z.object({ value: z.coerce.number() })
const CursorRow = z.object({ seq: z.int(), event_id: z.string() })

export interface Cursors {
  /** Undefined before the first event. */
  get(stream: StreamName): Cursor | undefined
  set(stream: StreamName, cursor: Cursor): void
  /** Undefined for a new view. */
  origin(): ViewOrigin | undefined
  setOrigin(origin: ViewOrigin): void
}

export function createCursors(database: DatabaseSync): Cursors {
  const statements = {
    get: database.prepare('SELECT seq, event_id FROM cursors WHERE stream = ?'),
    set: database.prepare('INSERT OR REPLACE INTO cursors (stream, seq, event_id) VALUES (?, ?, ?)'),
    getFact: database.prepare('SELECT value FROM facts WHERE name = ?'),
    setFact: database.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)'),
  }
  const fact = (name: string): number | undefined => Fact.optional().parse(statements.getFact.get(name))?.value
  return {
    get: (stream) => {
      const row = CursorRow.optional().parse(statements.get.get(stream))
      return row === undefined ? undefined : { seq: row.seq, eventId: row.event_id }
    },
    set: (stream, { seq, eventId }) => {
      statements.set.run(stream, seq, eventId)
    },
    origin: () => {
      const generation = fact('generation')
      return generation === undefined ? undefined : { generation, views: fact('views') ?? 0 }
    },
    setOrigin: ({ generation, views }) => {
      statements.setFact.run('generation', String(generation))
      statements.setFact.run('views', String(views))
    },
  }
}
