import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RepositoryRef } from '@orchestrator/shared/contracts'
import { hasCode, TerminalError } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import { statOf } from './folders.ts'
import { removeLocks } from './git-locks.ts'
import type { Recorder } from './recorder.ts'
import { openRepository, type Repository, TRANSFER_TIMEOUT_MS } from './repository.ts'

/**
 * The runner's own bare clone of the target repository: the only place where credentials meet a repository. The agent
 * cannot write it.
 *
 *     refs/remotes/origin/*   the remote's branches as last fetched
 *     refs/agent/<branch>     what the agent committed, taken from `target-repo/`
 *     refs/seen/<branch>      where the remote's branch stood when an attempt last took it over or pushed it
 */
export interface Mirror {
  /** Reached without credentials. */
  readonly repository: Repository
  /** The same with credentials, for the remote alone. */
  readonly withCredentials: Repository
  /** Fetches everything; made anew when absent or damaged. */
  refresh(): Promise<void>
  /** Makes it exist without talking to the remote. */
  ensure(): Promise<void>
  /** Does something for which it need only exist, as empty as it may be; once more when it was damaged and is made anew. */
  use<T>(work: () => Promise<T>): Promise<T>
  remoteBranch(branch: string): Promise<string | undefined>
  seen(branch: string): Promise<string | undefined>
  markSeen(branch: string, sha: string | undefined): Promise<void>
}

export interface MirrorDependencies {
  readonly git: Git
  readonly localGit: Git
  readonly directory: string
  readonly remote: RepositoryRef
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

const CONFIG = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tlogallrefupdates = false\n'
const REFSPECS = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']

export function createMirror({ git, localGit, directory, remote, recorder, signal }: MirrorDependencies): Mirror {
  const repository = openRepository({ git: localGit, directory, bare: true, signal })
  const withCredentials = openRepository({ git, directory, bare: true, signal })
  const ensure = async (): Promise<void> => {
    if ((await statOf(join(directory, 'HEAD'))) === undefined) {
      await mkdir(dirname(directory), { recursive: true })
      await localGit.run({
        args: ['init', '--quiet', '--bare', '--template=', directory],
        cwd: dirname(directory),
        signal,
      })
    }
    // A runner that was killed leaves locks; the workspace's lock says that no other one works here.
    await removeLocks(directory)
    await writeFile(join(directory, 'config'), CONFIG)
  }
  // A runner that was killed while it made the mirror leaves half of one.
  const use: Mirror['use'] = async (work) => {
    await ensure()
    try {
      return await work()
    } catch (error) {
      if (!hasCode(error, 'GIT_FAILED') || signal.aborted || (await repository.isSound())) throw error
      recorder.note('warning', `the runner's own copy of ${remote.url} is damaged and is made anew: ${error.message}`)
      await rm(directory, { recursive: true, force: true })
      await ensure()
      return await work()
    }
  }
  const fetch = async (): Promise<void> => {
    const isNew = (await repository.git(['for-each-ref', '--count=1', 'refs/remotes/origin'])) === ''
    await recorder.recordRemote('target', isNew ? 'clone' : 'fetch', () =>
      withCredentials.git(
        ['fetch', '--quiet', '--prune', '--no-tags', '--no-write-fetch-head', remote.url, ...REFSPECS],
        { timeoutMs: TRANSFER_TIMEOUT_MS },
      ),
    )
  }
  return {
    repository,
    withCredentials,
    refresh: () => use(fetch),
    ensure,
    use,
    remoteBranch: (branch) => repository.commit(`refs/remotes/origin/${branch}`),
    seen: (branch) => repository.commit(`refs/seen/${branch}`),
    markSeen: async (branch, sha) => {
      await (sha === undefined
        ? repository.git(['update-ref', '-d', `refs/seen/${branch}`])
        : repository.git(['update-ref', `refs/seen/${branch}`, sha]))
    },
  }
}

export function agentRef(branch: string): string {
  return `refs/agent/${branch}`
}

/** @throws TerminalError GIT_NOT_FOUND that says which branches there are */
export function missingBranch(remote: RepositoryRef, existing: readonly string[]): TerminalError {
  const shown = existing.slice(0, 10).join(', ') + (existing.length > 10 ? `, … (${existing.length})` : '')
  const message =
    existing.length === 0
      ? `${remote.url} is empty: it needs a first commit on branch "${remote.branch}"`
      : `${remote.url} has no branch "${remote.branch}"; it has ${shown}`
  return new TerminalError('GIT_NOT_FOUND', message, {
    details: { url: remote.url, branch: remote.branch, existing: existing.slice(0, 50) },
  })
}
