/** The files of a backup: written whole or not at all, for their owner alone, and read only as they were written. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type BackupFile, BackupRecord } from '@orchestrator/shared/contracts'
import { describeError, TerminalError } from '@orchestrator/shared/core'

const OWNER_ONLY = 0o600

export type Written = Pick<BackupFile, 'messages' | 'firstSequence' | 'lastSequence' | 'bytes' | 'sha256'>

export interface WriteRecords {
  readonly path: string
  readonly records: AsyncIterable<BackupRecord>
  readonly onProgress: (messages: number) => void
  readonly signal: AbortSignal
}

const TOLD_EVERY = 500

/** NDJSON, compressed; memory holds a few records, however many there are. */
export async function writeRecords({ path, records, onProgress, signal }: WriteRecords): Promise<Written> {
  const range = { messages: 0, firstSequence: 0, lastSequence: 0 }
  async function* lines(): AsyncGenerator<string> {
    for await (const record of records) {
      if (range.messages === 0) range.firstSequence = record.seq
      range.lastSequence = record.seq
      range.messages += 1
      if (range.messages % TOLD_EVERY === 0) onProgress(range.messages)
      yield `${JSON.stringify(record)}\n`
    }
    onProgress(range.messages)
  }
  const digest = createDigest()
  await pipeline(Readable.from(lines()), createGzip(), digest.through, ownFile(path), { signal })
  return { ...range, ...digest.result() }
}

/** @throws TerminalError BACKUP_INVALID */
export async function* readRecords(path: string): AsyncGenerator<BackupRecord> {
  const text = createReadStream(path).pipe(createGunzip())
  let line = 0
  for await (const json of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1
    yield parseRecord(json, `line ${line} of ${path}`)
  }
}

function parseRecord(json: string, where: string): BackupRecord {
  try {
    return BackupRecord.parse(JSON.parse(json))
  } catch (cause) {
    throw new TerminalError('BACKUP_INVALID', `${where} is no message of a backup: ${describeError(cause)}`, { cause })
  }
}

export interface Copying {
  readonly from: string
  readonly to: string
  readonly signal: AbortSignal
}

/** @returns what was copied; `undefined` where there is nothing (any more) */
export async function copyFile({ from, to, signal }: Copying): Promise<Pick<Written, 'bytes' | 'sha256'> | undefined> {
  if (!(await exists(from))) return undefined
  const digest = createDigest()
  await pipeline(createReadStream(from), digest.through, ownFile(to), { signal })
  return digest.result()
}

/** @throws TerminalError BACKUP_INVALID where the file is not what was written */
export async function checkFile(path: string, written: Pick<Written, 'sha256'>, signal: AbortSignal): Promise<void> {
  if (!(await exists(path))) throw new TerminalError('BACKUP_INVALID', `${path} is missing: the backup is not whole`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  if (hash.digest('hex') === written.sha256) return
  throw new TerminalError(
    'BACKUP_INVALID',
    `${path} is not as it was written (its SHA-256 differs): take another copy of the backup, or an earlier one`,
  )
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** All that is below a folder has reached the disk when it returns. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncTree(path)
    else if (entry.isFile()) await syncPath(path)
  }
  await syncPath(folder)
}

export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}

function ownFile(path: string): NodeJS.WritableStream {
  return createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY, flush: true })
}

interface Digest {
  readonly through: Transform
  result(): Pick<Written, 'bytes' | 'sha256'>
}

function createDigest(): Digest {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  const through = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { through, result: () => ({ bytes, sha256: hash.digest('hex') }) }
}
