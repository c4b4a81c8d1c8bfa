import { execFileSync } from 'node:child_process'
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import type { StartedAttempt } from '../started-attempt.ts'
import { archivedFile, readArchived } from '../testing/archived.ts'
import { lineText, refOf, startedAttempt } from '../testing/attempts.ts'
import { createDirectoryArchive } from './directory-archive.ts'
import type { LogArchive, LogToKeep } from './port.ts'
import { LogIncomplete } from './whole-log.ts'

const { signal } = new AbortController()
const DAY_MS = 24 * 60 * 60 * 1000

async function* these(lines: readonly string[], error?: Error): AsyncGenerator<string> {
  await setImmediate()
  yield* lines
  if (error !== undefined) throw error
}
const keep = async (archive: LogArchive, attempt: StartedAttempt, change: Partial<LogToKeep> = {}): Promise<void> =>
  await archive.keep({ attempt, origin: 'stream', lines: these([lineText(1)]), signal, ...change })
const asides = async (directory: string): Promise<readonly string[]> => await readdir(join(directory, '.partial'))

describe('the archive directory', () => {
  it('keeps a log as a compressed file with a head that says whose it is', async () => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'made', 'anew')
    await using archive = createDirectoryArchive({ directory, gatherMs: 0 })
    const attempt = startedAttempt()
    expect(await archive.has(attempt)).toBe(false)
    await keep(archive, attempt)
    expect(await archive.has(attempt)).toBe(true)
    expect(archivedFile(directory, attempt)).toBe(
      join(directory, 'trader/master/1.2/trader-claude-agent-1-task1-2-attempt1.ndjson.gz'),
    )
    expect(await readArchived(directory, attempt)).toEqual({
      head: {
        v: 1,
        kind: 'head',
        name: attempt.name,
        ...attempt.ref,
        submittedId: 'submitted-1',
        runtime: 'process',
        location: 'machine-1',
        workloadUid: attempt.workloadUid,
        origin: 'stream',
      },
      lines: [lineText(1)],
    })
    expect(await asides(directory)).toEqual([])
  })

  it('lets the first log stay, and replaces one of another ledger and what is no log', async () => {
    await using place = await temporaryDirectory()
    await using archive = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
    const attempt = startedAttempt()
    await keep(archive, attempt)
    await keep(archive, attempt, { lines: these(['later']) })
    expect((await readArchived(place.path, attempt))?.lines).toEqual([lineText(1)])
    const next = { ...attempt, submittedId: 'of-a-restored-ledger' }
    expect(await archive.has(next)).toBe(false)
    await keep(archive, next)
    expect(await archive.has(next)).toBe(true)
    await writeFile(archivedFile(place.path, attempt), 'damaged')
    expect(await archive.has(attempt)).toBe(false)
    await keep(archive, attempt)
    expect(await archive.has(attempt)).toBe(true)
  })

  it('shows nothing of a log that could not be read to its end', async () => {
    await using place = await temporaryDirectory()
    await using archive = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
    const many = Array.from({ length: 20_000 }, (_, i) => lineText(i + 1))
    for (const error of [new LogIncomplete('x'), new Error('the broker is away')]) {
      await expect(keep(archive, startedAttempt(), { lines: these(many, error) })).rejects.toBe(error)
    }
    await expect(keep(archive, startedAttempt(), { signal: AbortSignal.abort() })).rejects.toThrow('abort')
    expect(await readdir(place.path)).toEqual(['.partial'])
    expect(await asides(place.path)).toEqual([])
  })

  it('says retryably what is wrong with its place', async () => {
    await using place = await temporaryDirectory()
    const blocked = join(place.path, 'file')
    await writeFile(blocked, '')
    await using archive = createDirectoryArchive({ directory: blocked, gatherMs: 0 })
    await expect(keep(archive, startedAttempt())).rejects.toMatchObject({
      retryable: true,
      code: 'RUNTIME_UNAVAILABLE',
    })
  })

  it.skipIf(!canMount())('leaves nothing behind on a full disk, and says so', async () => {
    await using place = await temporaryDirectory()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place.path])
    try {
      await using archive = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
      const noise = Array.from({ length: 5000 }, (_, i) => lineText(i + 1, { kind: 'text', text: crypto.randomUUID() }))
      await expect(keep(archive, startedAttempt(), { lines: these(noise) })).rejects.toMatchObject({
        retryable: true,
        code: 'DISK_FULL',
      })
      expect(await asides(place.path)).toEqual([])
      await keep(archive, startedAttempt())
      expect(await archive.has(startedAttempt())).toBe(true)
    } finally {
      execFileSync('umount', [place.path])
    }
  })

  it('deletes what is older, and only logs', async () => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'archive')
    await using archive = createDirectoryArchive({ directory, gatherMs: 0 })
    const attempts = [1, 2, 3].map((n) =>
      startedAttempt({ ref: { ...refOf(n), taskId: String(n) }, name: `a-attempt${n}` }),
    )
    for (const attempt of attempts) await keep(archive, attempt)
    const notes = join(directory, 'trader', 'master', '1', 'notes.txt')
    await writeFile(notes, '')
    await mkdir(join(directory, '.partial'), { recursive: true })
    for (const name of ['left-by-a-crash', 'being-written']) await writeFile(join(directory, '.partial', name), '')
    const long = new Date(Date.now() - 100 * DAY_MS)
    const old = attempts.slice(0, 2).map((attempt) => archivedFile(directory, attempt))
    for (const path of [...old, notes, join(directory, '.partial', 'left-by-a-crash')]) await utimes(path, long, long)
    expect(await archive.expire(new Date(Date.now() - 90 * DAY_MS))).toBe(2)
    expect(await Promise.all(attempts.map(async (attempt) => await archive.has(attempt)))).toEqual([false, false, true])
    expect(await asides(directory)).toEqual(['being-written'])
    expect((await stat(notes)).isFile()).toBe(true)
    expect((await readdir(join(directory, 'trader', 'master'))).toSorted()).toEqual(['1', '3'])
    await using absent = createDirectoryArchive({ directory: join(place.path, 'none'), gatherMs: 0 })
    expect(await absent.expire(new Date())).toBe(0)
  })
})

/** Only a real, small file system is ever full. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
