import { randomUUID } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { constants, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ARCHIVED_LOG_SUFFIX, archivedLogPath } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { StartedAttempt } from '../started-attempt.ts'
import { Turns } from '../turns.ts'
import { archiveText, compress, readArchivedHead } from './archived-file.ts'
import { type Disk, type DiskOptions, openDisk } from './disk.ts'
import type { LogArchive, LogToKeep } from './port.ts'
import { LogIncomplete } from './whole-log.ts'

/** No service has such a name. */
const ASIDE = '.partial'
/** What is written aside for longer was left by a crash. */
const ASIDE_MAX_AGE_MS = 24 * 60 * 60 * 1000
const NEVER = new AbortController().signal

/** Compressing takes a thread each. */
const WRITTEN_AT_ONCE = 2

/** Disposing waits for what is on its way to the disk. */
export interface DirectoryArchive extends LogArchive, AsyncDisposable {}

/** Logs as files of a directory, each made aside and renamed when whole. */
export function createDirectoryArchive(options: DiskOptions): DirectoryArchive {
  const { directory } = options
  const disk = openDisk(options)
  const writing = new Turns(WRITTEN_AT_ONCE)
  const fileOf = ({ ref, name }: StartedAttempt): string => join(directory, archivedLogPath({ ...ref, name }))
  const has = async (attempt: StartedAttempt): Promise<boolean> => await isKept(fileOf(attempt), attempt, disk)
  return {
    has: (attempt) => refused(`cannot read ${fileOf(attempt)}`, () => has(attempt)),
    keep: (log) =>
      refused(`cannot write ${fileOf(log.attempt)}`, () =>
        keepAside({ directory, file: fileOf(log.attempt), log, has, disk, writing }),
      ),
    expire: (before) => refused(`cannot clear ${directory}`, () => expire(directory, before)),
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  }
}

async function isKept(path: string, { submittedId }: StartedAttempt, disk: Disk): Promise<boolean> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    if ((await readArchivedHead(file))?.submittedId !== submittedId) return false
    // Another watcher may have put it there a moment ago.
    await disk.order({ kind: 'sync', file: path }, NEVER)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

interface Keeping {
  readonly directory: string
  readonly file: string
  readonly log: LogToKeep
  readonly has: LogArchive['has']
  readonly disk: Disk
  readonly writing: Turns
}

async function keepAside({ directory, file, log, has, disk, writing }: Keeping): Promise<void> {
  const aside = join(directory, ASIDE, randomUUID())
  const text = await archiveText(log)
  const isLarge = text.kind === 'large'
  try {
    if (isLarge) await writing.run(async () => await writeAside(aside, text.parts, log.signal))
    const order = { kind: 'keep', aside, file, ...(isLarge ? {} : { text: text.text }) } as const
    // Only now: whoever was faster may have taken the source away while it was read here.
    const outcome = await disk.order({ ...order, mayReplace: false }, log.signal)
    if (outcome === 'exists' && !(await has(log.attempt))) await disk.order({ ...order, mayReplace: true }, log.signal)
  } finally {
    if (isLarge) await rm(aside, { force: true }).catch(() => undefined)
  }
}

async function writeAside(aside: string, parts: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(aside), { recursive: true, mode: 0o700 })
  await using file = await open(aside, 'wx', 0o600)
  await compress(file, parts, signal)
}

async function expire(directory: string, before: Date): Promise<number> {
  await expireIn(join(directory, ASIDE), { depth: 0, suffix: '', before: new Date(Date.now() - ASIDE_MAX_AGE_MS) })
  return await expireIn(directory, { depth: 3, suffix: ARCHIVED_LOG_SUFFIX, before })
}

interface Expiry {
  /** How many levels of directories are above the files. */
  readonly depth: number
  readonly suffix: string
  readonly before: Date
}

async function expireIn(directory: string, expiry: Expiry): Promise<number> {
  const { depth, suffix } = expiry
  let count = 0
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry.name)
    if (depth > 0 && entry.isDirectory() && entry.name !== ASIDE) {
      count += await expireIn(path, { ...expiry, depth: depth - 1 })
    } else if (depth === 0 && entry.isFile() && entry.name.endsWith(suffix)) {
      count += await expireFile(path, expiry)
    }
  }
  // Emptied with its last log. Whoever is about to put another one there makes it again.
  if (count > 0) await rmdir(directory).catch(() => undefined)
  return count
}

async function expireFile(path: string, { before }: Expiry): Promise<number> {
  try {
    if ((await lstat(path)).mtime >= before) return 0
    await rm(path)
    return 1
  } catch (error) {
    // Another watcher was faster.
    if (hasErrno(error, 'ENOENT')) return 0
    throw error
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** Errors of the file system get a code; those of the log that is read meanwhile keep theirs. */
async function refused<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof LogIncomplete || !isErrno(error)) throw error
    const full = hasErrno(error, 'ENOSPC') || hasErrno(error, 'EDQUOT')
    throw new RetryableError(full ? 'DISK_FULL' : 'RUNTIME_UNAVAILABLE', what, { cause: error })
  }
}

function isErrno(error: unknown): error is Error & { readonly errno: unknown } {
  return error instanceof Error && 'errno' in error
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
