import { mkdir, rm } from 'node:fs/promises'
import type { RepositoryRef } from '@orchestrator/shared/contracts'
import { hasCode } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import type { Redaction } from '../lines/redaction.ts'
import { inspectGitDirectory, readOrigin, secureGitDirectory } from './git-directory.ts'
import { missingBranch } from './mirror.ts'
import type { Recorder } from './recorder.ts'
import { openRepository, type Repository, TRANSFER_TIMEOUT_MS } from './repository.ts'
import { isSameRepository } from './same-repository.ts'

export interface PlatformDependencies {
  /** With credentials: for the fetch alone. */
  readonly git: Git
  readonly localGit: Git
  readonly directory: string
  readonly remote: RepositoryRef
  readonly evidenceDirectory: string
  readonly redaction: Redaction
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/**
 * A full clone, fetched, at the branch that holds the documents. Nobody works in it: what is in the way is thrown away,
 * and a damaged clone or one of another repository is made anew.
 */
export async function refreshPlatformRepository(dependencies: PlatformDependencies): Promise<void> {
  if (!(await isUsable(dependencies))) await rm(dependencies.directory, { recursive: true, force: true })
  try {
    await bringUpToDate(dependencies)
  } catch (error) {
    if (!hasCode(error, 'GIT_FAILED') || dependencies.signal.aborted) throw error
    dependencies.recorder.note(
      'warning',
      `the copy of ${dependencies.remote.url} is damaged and is cloned anew: ${error.message}`,
    )
    await rm(dependencies.directory, { recursive: true, force: true })
    await bringUpToDate(dependencies)
  }
}

async function isUsable({ localGit, directory, remote, signal }: PlatformDependencies): Promise<boolean> {
  try {
    if ((await inspectGitDirectory(directory)) !== 'repository') return false
  } catch (error) {
    if (hasCode(error, 'WORKSPACE_CONFLICT')) return false
    throw error
  }
  const origin = await readOrigin({ git: localGit, directory, signal })
  return origin !== undefined && isSameRepository(origin, remote.url)
}

async function bringUpToDate(dependencies: PlatformDependencies): Promise<void> {
  const { git, localGit, directory, remote, recorder, signal } = dependencies
  const isNew = (await inspectGitDirectory(directory)) !== 'repository'
  await mkdir(directory, { recursive: true })
  if (isNew) await localGit.run({ args: ['init', '--quiet', '--template=', directory], cwd: directory, signal })
  await secureGitDirectory({
    git: localGit,
    directory,
    identity: { url: remote.url, user: remote.githubUser },
    evidenceDirectory: dependencies.evidenceDirectory,
    redaction: dependencies.redaction,
    warn: (text) => recorder.note('warning', text),
    signal,
  })
  const withCredentials = openRepository({ git, directory, bare: false, signal })
  const repository = openRepository({ git: localGit, directory, bare: false, signal })
  await recorder.recordRemote('platform', isNew ? 'clone' : 'fetch', () =>
    withCredentials.git(
      [
        'fetch',
        '--quiet',
        '--prune',
        '--tags',
        '--force',
        '--no-write-fetch-head',
        remote.url,
        '+refs/heads/*:refs/remotes/origin/*',
      ],
      { timeoutMs: TRANSFER_TIMEOUT_MS },
    ),
  )
  await recorder.record('platform', 'checkout', () => checkOut(repository, remote))
}

async function checkOut(repository: Repository, remote: RepositoryRef): Promise<void> {
  const sha = await repository.commit(`refs/remotes/origin/${remote.branch}`)
  if (sha === undefined) throw missingBranch(remote, await remoteBranches(repository))
  await repository.git(['update-ref', '--no-deref', 'HEAD', sha])
  // The index may be anyone's; made anew it hides no change.
  await rm(`${repository.directory}/.git/index`, { force: true })
  await repository.git(['reset', '--quiet', '--hard', sha])
  await repository.git(['clean', '--quiet', '-ffdx'])
}

export async function remoteBranches(repository: Repository): Promise<readonly string[]> {
  const answer = await repository.git(['for-each-ref', '--format=%(refname:lstrip=3)', 'refs/remotes/origin'])
  return answer.split('\n').filter((line) => line !== '' && line !== 'HEAD')
}
