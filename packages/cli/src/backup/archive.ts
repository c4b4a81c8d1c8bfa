/** The log archive in a backup: its files as they are, and a list of them as `sha256sum` writes it. */
import { createReadStream } from 'node:fs'
import { mkdir, opendir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { ARCHIVED_LOG_SUFFIX, BACKUP_ARCHIVE, BACKUP_ARCHIVE_SUMS } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { checkFile, copyFile, exists } from './files.ts'

export interface ArchiveCopy {
  /** The log archive of an installation. */
  readonly archive: string
  readonly backup: string
  readonly onProgress: (files: number) => void
  readonly signal: AbortSignal
}

/** A log that expires meanwhile is left out. @returns how much there was */
export async function saveArchive(copy: ArchiveCopy): Promise<{ readonly files: number; readonly bytes: number }> {
  const { archive, backup, onProgress, signal } = copy
  const sums = join(backup, BACKUP_ARCHIVE_SUMS)
  await writeFile(sums, '', { flag: 'wx', mode: 0o600 })
  const sum = { files: 0, bytes: 0 }
  for await (const from of logsBelow(archive)) {
    signal.throwIfAborted()
    const path = join(BACKUP_ARCHIVE, relative(archive, from))
    const to = join(backup, path)
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    const copied = await copyFile({ from, to, signal })
    if (copied === undefined) continue
    await writeFile(sums, `${copied.sha256}  ${path}\n`, { flag: 'a' })
    sum.files += 1
    sum.bytes += copied.bytes
    onProgress(sum.files)
  }
  return sum
}

/** @throws TerminalError BACKUP_INVALID where a log is missing or damaged */
export async function checkArchive({ backup, signal }: Pick<ArchiveCopy, 'backup' | 'signal'>): Promise<void> {
  for await (const { path, sha256 } of listed(backup)) await checkFile(join(backup, path), { sha256 }, signal)
}

/** A log that is there already stays. */
export async function restoreArchive({ archive, backup, onProgress, signal }: ArchiveCopy): Promise<void> {
  let files = 0
  for await (const { path } of listed(backup)) {
    signal.throwIfAborted()
    const to = join(archive, relative(BACKUP_ARCHIVE, path))
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    if (!(await exists(to))) await copyFile({ from: join(backup, path), to, signal })
    files += 1
    onProgress(files)
  }
}

async function* logsBelow(folder: string): AsyncGenerator<string> {
  if (!(await exists(folder))) return
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* logsBelow(path)
    else if (entry.isFile() && entry.name.endsWith(ARCHIVED_LOG_SUFFIX)) yield path
  }
}

const LISTED = /^([0-9a-f]{64}) {2}(archive\/.+)$/

async function* listed(backup: string): AsyncGenerator<{ readonly path: string; readonly sha256: string }> {
  const sums = join(backup, BACKUP_ARCHIVE_SUMS)
  for await (const line of createInterface({ input: createReadStream(sums) })) {
    const [, sha256 = '', path = ''] = LISTED.exec(line) ?? []
    if (path === '' || path.split('/').includes('..'))
      throw new TerminalError(
        'BACKUP_INVALID',
        `${sums} is not as it was written: ${JSON.stringify(line.slice(0, 100))}`,
      )
    yield { path, sha256 }
  }
}
