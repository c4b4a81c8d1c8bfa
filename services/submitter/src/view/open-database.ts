import { renameSync, rmSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts'

const IN_MEMORY = ':memory:'

/** The default of SQLite, 2 MiB, does not hold the pages that the events of a second touch: they would be written again and again. */
export const VIEW_CACHE_MIB = 32
/** Three attempts to a page: of the usual 4 KiB one would fill a little more than the half. */
const PAGE_BYTES = 8 * 1024
/** Waits for a predecessor that is still closing the file. */
const BUSY_TIMEOUT_MS = 2000

const SQLITE = {
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notADatabase: 26,
} as const

/**
 * Opens a view's file, makes it where it is missing, and makes it anew where it is damaged or of another release.
 * @throws TerminalError CONFIG_INVALID when it cannot be used; RetryableError DISK_FULL
 */
export function openDatabase(file: string, cacheMib = VIEW_CACHE_MIB): DatabaseSync {
  try {
    const database = openAndCheck(file, cacheMib)
    if (database !== undefined) return database
  } catch (error) {
    throwUnlessDamaged(error, file)
    setAside(file)
  }
  try {
    return create(file, cacheMib)
  } catch (error) {
    throwUnlessDamaged(error, file)
    throw error
  }
}

/** @returns undefined when the file was ours but of another release, and has been dropped */
function openAndCheck(file: string, cacheMib: number): DatabaseSync | undefined {
  const database = connect(file, cacheMib)
  try {
    if (isCurrent(database)) return database
    if (isEmpty(database)) database.exec(creation())
    else throw new DamagedView('it is another kind of database')
    return database
  } catch (error) {
    database.close()
    if (!(error instanceof OtherRelease)) throw error
    removeDatabase(file)
    return undefined
  }
}

function create(file: string, cacheMib: number): DatabaseSync {
  const database = connect(file, cacheMib)
  database.exec(creation())
  return database
}

function connect(file: string, cacheMib: number): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    // Only for a file that is new.
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
    // Nothing here is precious: after a power cut the ledger fills the view again.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    database.exec(`PRAGMA cache_size = -${cacheMib * 1024}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

class DamagedView extends Error {}
class OtherRelease extends Error {}

function isCurrent(database: DatabaseSync): boolean {
  if (pragma(database, 'application_id') !== APPLICATION_ID) return false
  if (pragma(database, 'user_version') !== SCHEMA_VERSION) throw new OtherRelease('of another release')
  if (pragma(database, 'quick_check(1)') !== 'ok') throw new DamagedView('it is damaged')
  return true
}

function isEmpty(database: DatabaseSync): boolean {
  return pragma(database, 'page_count') === 0 || database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
}

function creation(): string {
  return `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

/** The result code of SQLite behind an error, without its extension. */
function resultCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

/** What speaks of the machine or the configuration is thrown; the rest is the fault of the file's content. */
function throwUnlessDamaged(error: unknown, file: string): void {
  switch (resultCode(error)) {
    case SQLITE.busy:
    case SQLITE.locked:
      throw new TerminalError(
        'CONFIG_INVALID',
        `VIEW_FILE=${file} is in use by another process: give each replica its own`,
        {
          cause: error,
        },
      )
    case SQLITE.perm:
    case SQLITE.readonly:
    case SQLITE.cantopen:
      // The log beside the file could not be made.
      if (hasNoSpace(file)) throw diskFull(file, error)
      throw new TerminalError('CONFIG_INVALID', `VIEW_FILE=${file} cannot be opened for writing`, { cause: error })
    case SQLITE.ioerr:
    case SQLITE.full:
      throw diskFull(file, error)
    default:
  }
}

const SMALLEST_SPACE_BYTES = 64 * 1024

function hasNoSpace(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < SMALLEST_SPACE_BYTES
  } catch {
    return false
  }
}

export function diskFull(file: string, cause: unknown): RetryableError {
  const message = `the view ${file} cannot be written: free space on its disk, then it goes on by itself`
  return new RetryableError('DISK_FULL', message, { cause })
}

/** True when the disk takes no more: nothing is lost, only what the last moments changed is read again. */
export function isDiskFull(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE.full || code === SQLITE.ioerr
}

/** True for any failure of the database, as opposed to one of the broker. */
export function isDatabaseError(error: unknown): boolean {
  return resultCode(error) !== undefined
}

/** True when an open file turns out to be damaged: only a new one helps. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE.corrupt || code === SQLITE.notADatabase
}

/** Kept beside instead of deleted: `VIEW_FILE` may have named somebody's file by mistake. */
function setAside(file: string): void {
  if (file === IN_MEMORY) return
  renameSync(file, `${file}.damaged`)
  removeDatabase(file)
}

export function removeDatabase(file: string): void {
  if (file === IN_MEMORY) return
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
}
