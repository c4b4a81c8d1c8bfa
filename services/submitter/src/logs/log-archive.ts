/** Where logs are when the stream has let them go: files that the watcher has put there. */
import { constants, createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { constants as zlib, createGunzip, gunzipSync } from 'node:zlib'
import { ARCHIVE_HEAD_BYTES, ArchiveHead, archivedLogPath, type AttemptRef } from '@orchestrator/shared/contracts'
import type { z } from 'zod'

export interface ArchivedAttempt extends AttemptRef {
  readonly name: string
  /** After a restore of the ledger a name may come again: the log says whose it is. */
  readonly submittedId: string
}

export interface LogArchive {
  /** Runner lines as written, gap lines, and the end line; `undefined` when the log is not there, or no longer. */
  open(attempt: ArchivedAttempt): Promise<AsyncIterable<string> | undefined>
}

/** For a submitter that has been told of no archive. */
export const NO_ARCHIVE: LogArchive = { open: () => Promise.resolve(undefined) }

const Head = ArchiveHead.pick({ v: true, kind: true, submittedId: true })

/** Reads what the watcher has put into this directory. */
export function createDirectoryArchive(directory: string): LogArchive {
  return {
    open: async (attempt) => {
      const path = join(directory, archivedLogPath(attempt))
      const head = await readHead(path)
      return head?.submittedId === attempt.submittedId ? linesAfterHead(path) : undefined
    },
  }
}

async function readHead(path: string): Promise<z.infer<typeof Head> | undefined> {
  const start = await readStart(path)
  try {
    if (start === undefined) return undefined
    // What is left of the file is not wanted here.
    const [line = ''] = gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH }).toString('utf8').split('\n', 1)
    return Head.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

async function readStart(path: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ARCHIVE_HEAD_BYTES), 0, ARCHIVE_HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function* linesAfterHead(path: string): AsyncGenerator<string> {
  const text = createGunzip().setEncoding('utf8')
  // An error of the file ends the text with that error.
  pipeline(createReadStream(path), text, () => undefined)
  let rest = ''
  let isHead = true
  for await (const part of text) {
    const lines = (rest + String(part)).split('\n')
    rest = lines.pop() ?? ''
    yield* isHead ? lines.slice(1) : lines
    isHead &&= lines.length === 0
  }
}
