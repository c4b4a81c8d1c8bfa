import { join } from 'node:path'
import { hasCode } from '@orchestrator/shared/core'
import type { Git, GitRun } from '@orchestrator/shared/git'
import { statOf } from './folders.ts'

/** Git in one folder. */
export interface Repository {
  readonly directory: string
  /** Standard output without the line end. */
  git(args: readonly string[], more?: Pick<GitRun, 'environment' | 'input' | 'timeoutMs'>): Promise<string>
  /** Sha of the commit that a name leads to, `undefined` when it leads nowhere. */
  commit(name: string): Promise<string | undefined>
  /** False when objects or references are missing or unreadable. Reads everything: for after a failure. */
  isSound(): Promise<boolean>
  isAncestor(ancestor: string, descendant: string): Promise<boolean>
  /** NUL-separated output as a list. */
  list(args: readonly string[], more?: Pick<GitRun, 'environment' | 'input' | 'timeoutMs'>): Promise<readonly string[]>
}

/** Large repositories take their time. */
export const TRANSFER_TIMEOUT_MS = 60 * 60_000

export interface RepositoryOptions {
  readonly git: Git
  readonly directory: string
  readonly bare: boolean
  readonly signal: AbortSignal
}

export function openRepository({ git, directory, bare, signal }: RepositoryOptions): Repository {
  const run: Repository['git'] = async (args, more = {}) => {
    const whole = bare ? ['--git-dir=.', ...args] : args
    const { stdout } = await git.run({ args: whole, cwd: directory, signal, ...more })
    return stdout.replace(/\n$/, '')
  }
  return {
    directory,
    git: run,
    commit: async (name) =>
      (await orNothing(run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]))) || undefined,
    isSound: async () =>
      (await orNothing(run(['fsck', '--connectivity-only', '--no-dangling', '--no-progress']))) !== undefined,
    isAncestor: async (ancestor, descendant) => {
      // Answers by exit code; an unknown commit is no ancestor.
      const missing = await orNothing(run(['rev-list', '--max-count=1', ancestor, `^${descendant}`, '--']))
      return missing === ''
    },
    list: async (args, more) => (await run(args, more)).split('\0').filter((entry) => entry !== ''),
  }
}

async function orNothing(answer: Promise<string>): Promise<string | undefined> {
  try {
    return await answer
  } catch (error) {
    if (hasCode(error, 'GIT_FAILED')) return undefined
    throw error
  }
}

/** An agent may have cut its history short; the rest comes back from a clone that has it. */
export async function completeHistory(repository: Repository, source: string): Promise<void> {
  if ((await statOf(join(repository.directory, '.git', 'shallow'))) === undefined) return
  await repository.git([
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--unshallow',
    source,
    '+refs/remotes/origin/*:refs/remotes/origin/*',
  ])
}
