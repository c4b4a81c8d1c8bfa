import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '@orchestrator/shared/core'
import { statOf } from './folders.ts'
import type { Repository } from './repository.ts'

/** What git keeps while a merge, rebase or the like is not finished. */
const HALF_FINISHED = [
  'MERGE_HEAD',
  'MERGE_MSG',
  'MERGE_MODE',
  'AUTO_MERGE',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'REBASE_HEAD',
  'SQUASH_MSG',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'BISECT_LOG',
  'BISECT_START',
  'BISECT_TERMS',
  'BISECT_NAMES',
] as const
/** These alone say that something is half finished; the others are left over by ordinary work. */
const TELLING = new Set<string>([
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'BISECT_LOG',
])

export interface TreeState {
  /** Commit that is checked out, `undefined` before the first. */
  readonly head: string | undefined
  /** Tracked files whose content or staging differs from it. */
  readonly changed: readonly string[]
  /** Files and folders that git does not know and is not told to ignore; nested repositories end in a slash. */
  readonly untracked: readonly string[]
  readonly halfFinished: readonly string[]
  /** The checked out commit hangs on no branch. */
  readonly isStray: boolean
}

export async function inspectTree(repository: Repository): Promise<TreeState> {
  await readableIndex(repository)
  const head = await repository.commit('HEAD')
  const halfFinished = await halfFinishedIn(repository)
  return {
    head,
    changed: await changedFiles(repository, head),
    untracked: await repository.list([
      'ls-files',
      '--others',
      '--exclude-standard',
      '--directory',
      '--no-empty-directory',
      '-z',
    ]),
    halfFinished,
    isStray: head !== undefined && (await isStray(repository, head)),
  }
}

/** Nothing may be hidden by flags in the index, and a broken index is made anew from the commit. */
async function readableIndex(repository: Repository): Promise<void> {
  try {
    const flagged = (await repository.list(['ls-files', '-v', '-z']))
      .filter((entry) => /^[a-zS] /.test(entry))
      .map((entry) => entry.slice(2))
    if (flagged.length === 0) return
    const input = flagged.map((path) => `${path}\0`).join('')
    await repository.git(['update-index', '-z', '--no-assume-unchanged', '--stdin'], { input })
    await repository.git(['update-index', '-z', '--no-skip-worktree', '--stdin'], { input })
  } catch (error) {
    if (!hasCode(error, 'GIT_FAILED')) throw error
    await rm(join(repository.directory, '.git', 'index'), { force: true })
    if ((await repository.commit('HEAD')) !== undefined) await repository.git(['read-tree', 'HEAD'])
  }
}

export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function changedFiles(repository: Repository, head: string | undefined): Promise<readonly string[]> {
  // Files that were only touched are no change; conflicts are one, and no reason to fail here.
  await repository.git(['update-index', '-q', '--unmerged', '--ignore-submodules', '--refresh'])
  const inTree = await repository.list(['diff-files', '--name-only', '--ignore-submodules=dirty', '-z'])
  const staged = await repository.list([
    'diff-index',
    '--cached',
    '--name-only',
    '--ignore-submodules=dirty',
    '-z',
    head ?? EMPTY_TREE,
  ])
  return [...new Set([...inTree, ...staged])].toSorted()
}

async function halfFinishedIn({ directory }: Repository): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of HALF_FINISHED) if ((await statOf(join(directory, '.git', name))) !== undefined) found.push(name)
  return found.some((name) => TELLING.has(name)) ? found : []
}

async function isStray(repository: Repository, head: string): Promise<boolean> {
  return (
    (await repository.git([
      'for-each-ref',
      '--count=1',
      '--contains',
      head,
      'refs/heads',
      'refs/remotes',
      'refs/tags',
    ])) === ''
  )
}

export function isClean({ changed, untracked, halfFinished, isStray: stray }: TreeState): boolean {
  return changed.length === 0 && untracked.length === 0 && halfFinished.length === 0 && !stray
}
