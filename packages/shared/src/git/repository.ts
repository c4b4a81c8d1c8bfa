import { lstat, readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface RepositoryLocation {
  readonly root: string
  /** No repository is looked for in or above this folder. */
  readonly ceiling: string
  /** True when `.git` is a plain folder here, so that both can be named outright and `core.worktree` means nothing. */
  readonly isPlain: boolean
}

/** These make a repository elsewhere and must not be told of the one they stand in. */
const MAKING = new Set(['init', 'clone'])

export async function locateRepository(cwd: string, subcommand: string | undefined): Promise<RepositoryLocation> {
  const root = await realpath(cwd)
  const git = await lstat(join(root, '.git')).catch(() => undefined)
  const isPlain = (git?.isDirectory() ?? false) && !MAKING.has(subcommand ?? '')
  return { root, ceiling: dirname(root), isPlain }
}

/** The configuration of the repository in `cwd`, where that is one plain file which brings in no other; else `undefined`. */
export async function readConfigAlone(cwd: string, isBare: boolean): Promise<string | undefined> {
  const directory = isBare ? cwd : join(cwd, '.git')
  const text = await readFile(join(directory, 'config'), 'utf8').catch(() => undefined)
  if (text === undefined || /include|worktreeconfig/i.test(text)) return undefined
  const common = await lstat(join(directory, 'commondir')).catch(() => undefined)
  return common === undefined ? text : undefined
}
