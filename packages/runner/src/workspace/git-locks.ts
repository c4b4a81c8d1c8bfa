import { type Dirent } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hasSystemCode } from './folders.ts'

/** Large, or of no concern: what lies below these is not looked at. */
const PASSED_OVER = new Set(['modules', 'worktrees', 'lfs'])

/** Entries of a git directory that decide what git does there: all but the object files themselves. */
export async function* gitDirectoryEntries(
  gitDirectory: string,
): AsyncGenerator<{ readonly path: string; readonly entry: Dirent }> {
  const waiting = [gitDirectory]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name)
      yield { path, entry }
      if (entry.isDirectory() && isOfConcern(relative(gitDirectory, path))) waiting.push(path)
    }
  }
}

function isOfConcern(path: string): boolean {
  const [first = '', second] = path.split('/')
  return !PASSED_OVER.has(first) && !(first === 'objects' && second !== undefined && second !== 'info')
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasSystemCode(error, 'ENOENT')) return []
    throw error
  })
}

/** Removes the locks of a git that was killed. Only for whoever knows that no git works there. */
export async function removeLocks(gitDirectory: string): Promise<readonly string[]> {
  const removed: string[] = []
  for await (const { path, entry } of gitDirectoryEntries(gitDirectory)) {
    if (entry.isDirectory() || !entry.name.endsWith('.lock')) continue
    await rm(path, { force: true })
    removed.push(relative(gitDirectory, path))
  }
  return removed
}
