import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freeName, hasSystemCode, move, statOf, syncFolder } from './folders.ts'
import type { Repository } from './repository.ts'
import { EMPTY_TREE, type TreeState } from './tree-state.ts'

const PARTIAL = 'saved.partial'
const SAVED = 'saved'

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
  const section = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`
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
  await repository.git([
    'diff',
    '--cached',
    '--binary',
    '--no-color',
    '--ignore-submodules=dirty',
    `--output=${join(folder, 'staged.diff')}`,
    against,
  ])
  // A second index takes the tree as it is, conflicts and all, and leaves the first one alone.
  const index = join(folder, 'index')
  await copyFile(join(repository.directory, '.git', 'index'), index).catch((error: unknown) => {
    if (!hasSystemCode(error, 'ENOENT')) throw error
  })
  const environment = { GIT_INDEX_FILE: index }
  await stage(repository, state.changed, environment)
  await repository.git(
    [
      'diff',
      '--cached',
      '--binary',
      '--no-color',
      '--ignore-submodules=dirty',
      `--output=${join(folder, 'changes.diff')}`,
      against,
    ],
    { environment },
  )
  await rm(index, { force: true })
}

/** Stages paths as they are, deletions too, without looking into nested repositories. */
export async function stage(
  repository: Repository,
  paths: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
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
