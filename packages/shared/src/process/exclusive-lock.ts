import { DatabaseSync } from 'node:sqlite'

/**
 * A lock that the kernel gives back when its holder dies, however it dies: an exclusive SQLite transaction, because
 * Node offers no `flock`.
 * @returns undefined when another process holds it
 */
export function acquireExclusiveLock(file: string): Disposable | undefined {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}

const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
