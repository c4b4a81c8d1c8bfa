import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** For a statement that names an index: a view that is being filled has none yet. */
export function preparedLater(database: DatabaseSync, query: string): () => StatementSync {
  let statement: StatementSync | undefined
  return () => (statement ??= database.prepare(query))
}
