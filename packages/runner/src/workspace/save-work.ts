import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '@orchestrator/shared/core'
import { freeName, hasSystemCode, move, statOf, syncFolder } from './folders.ts'
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
const TELLING = new Set<string>(['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply', 'sequencer', 'BISECT_LOG'])
const PARTIAL = 'saved.partial'
const SAVED = 'saved'

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
    untracked: await repository.list(['ls-files', '--others', '--exclude-standard', '--directory', '--no-empty-directory', '-z']),
    halfFinished,
    isStray: head !== undefined && (await isStray(repository, head)),
  }
}

/** Nothing may be hidden by flags in the index, and a broken index is made anew from the commit. */
async function readableIndex(repository: Repository): Promise<void> {
  try {
    const flagged = (await repository.list(['ls-files', '-v', '-z'])).filter((entry) => /^[a-zS] /.test(entry)).map((entry) => entry.slice(2))
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

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function changedFiles(repository: Repository, head: string | undefined): Promise<readonly string[]> {
  // Files that were only touched are no change; conflicts are one, and no reason to fail here.
  await repository.git(['update-index', '-q', '--unmerged', '--ignore-submodules', '--refresh'])
  const inTree = await repository.list(['diff-files', '--name-only', '--ignore-submodules=dirty', '-z'])
  const staged = await repository.list(['diff-index', '--cached', '--name-only', '--ignore-submodules=dirty', '-z', head ?? EMPTY_TREE])
  return [...new Set([...inTree, ...staged])].toSorted()
}

async function halfFinishedIn({ directory }: Repository): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of HALF_FINISHED) if ((await statOf(join(directory, '.git', name))) !== undefined) found.push(name)
  return found.some((name) => TELLING.has(name)) ? found : []
}

async function isStray(repository: Repository, head: string): Promise<boolean> {
  return (await repository.git(['for-each-ref', '--count=1', '--contains', head, 'refs/heads', 'refs/remotes', 'refs/tags'])) === ''
}

export function isClean({ changed, untracked, halfFinished, isStray: stray }: TreeState): boolean {
  return changed.length === 0 && untracked.length === 0 && halfFinished.length === 0 && !stray
}

export interface SaveOrder {
  readonly repository: Repository
  readonly state: TreeState
  /** Folder of the attempt whose work it is. */
  readonly attemptDirectory: string
  /** Names the commits that would otherwise hang on nothing. */
  readonly attemptName: string
}

/**
 * Puts everything uncommitted into `saved/` of an attempt's folder, and takes untracked files out of the tree. May be
 * cut anywhere: what was already moved is finished as a folder of its own next time.
 *
 *     status.txt       as `git status` says it
 *     changes.diff     tracked files against the commit; `git apply` brings them back
 *     staged.diff      what was staged
 *     files/           untracked files, as they lay
 *     commits.bundle   commits that hang on no branch; also `refs/orchestrator/saved/…` in the repository
 *     git-state/       the files of a half-finished merge or rebase
 *
 * @returns the folder
 */
export async function saveWork(order: SaveOrder): Promise<string> {
  await finishPartialSave(order.attemptDirectory)
  const folder = join(order.attemptDirectory, PARTIAL)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'status.txt'), statusText(order.state))
  await saveCommits(order, folder)
  await saveDiffs(order, folder)
  await saveHalfFinished(order, folder)
  await moveUntracked(order, folder)
  const final = await freeName(order.attemptDirectory, SAVED)
  await syncFolder(folder)
  await rename(folder, final)
  await syncFolder(order.attemptDirectory)
  return final
}

/** @returns the folder of a save that was cut, now whole as far as it got */
export async function finishPartialSave(attemptDirectory: string): Promise<string | undefined> {
  const partial = join(attemptDirectory, PARTIAL)
  if ((await statOf(partial)) === undefined) return undefined
  const final = await freeName(attemptDirectory, SAVED)
  await rename(partial, final)
  return final
}

function statusText({ head, changed, untracked, halfFinished }: TreeState): string {
  const section = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`)
  return [
    `commit ${head ?? 'none'}\n`,
    section('changed', changed),
    section('untracked', untracked),
    section('half finished', halfFinished),
  ].join('')
}

async function saveCommits({ repository, state, attemptName }: SaveOrder, folder: string): Promise<void> {
  if (!state.isStray || state.head === undefined) return
  const ref = `refs/orchestrator/saved/${attemptName}-${state.head.slice(0, 12)}`
  await repository.git(['update-ref', ref, state.head])
  await bundle(repository, ref, join(folder, 'commits.bundle'))
}

/** A file that `git fetch` reads, with the commits of a ref that no remote branch has. */
export async function bundle(repository: Repository, ref: string, file: string): Promise<void> {
  await repository.git(['bundle', 'create', '--quiet', file, ref, '--not', '--remotes=origin'])
}

async function saveDiffs({ repository, state }: SaveOrder, folder: string): Promise<void> {
  if (state.changed.length === 0) return
  const against = state.head ?? EMPTY_TREE
  await repository.git(['diff', '--cached', '--binary', '--no-color', '--ignore-submodules=dirty', `--output=${join(folder, 'staged.diff')}`, against])
  // A second index takes the tree as it is, conflicts and all, and leaves the first one alone.
  const index = join(folder, 'index')
  await copyFile(join(repository.directory, '.git', 'index'), index).catch((error: unknown) => {
    if (!hasSystemCode(error, 'ENOENT')) throw error
  })
  const environment = { GIT_INDEX_FILE: index }
  await stage(repository, state.changed, environment)
  await repository.git(['diff', '--cached', '--binary', '--no-color', '--ignore-submodules=dirty', `--output=${join(folder, 'changes.diff')}`, against], { environment })
  await rm(index, { force: true })
}

/** Stages paths as they are, deletions too, without looking into nested repositories. */
export async function stage(repository: Repository, paths: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<void> {
  if (paths.length === 0) return
  const input = paths.map((path) => `${path}\0`).join('')
  await repository.git(['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], { environment, input })
}

async function saveHalfFinished({ repository, state }: SaveOrder, folder: string): Promise<void> {
  for (const name of state.halfFinished) {
    const from = join(repository.directory, '.git', name)
    await cp(from, join(folder, 'git-state', name), { recursive: true })
    await rm(from, { recursive: true, force: true })
  }
}

/** Moving needs no room on the disk, and each file is always in exactly one of the two places. */
async function moveUntracked({ repository, state }: SaveOrder, folder: string): Promise<void> {
  for (const path of state.untracked) {
    const clean = path.replace(/\/$/, '')
    await move(join(repository.directory, clean), join(folder, 'files', clean)).catch((error: unknown) => {
      // Gone since, or a name that is no text: then it stays where it is.
      if (!hasSystemCode(error, 'ENOENT')) throw error
    })
  }
}
