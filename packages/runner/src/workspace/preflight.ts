import { mkdir } from 'node:fs/promises'
import type { GitOperation, RepositoryRef } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import type { Remotes } from '../remotes.ts'
import { authorEnvironment } from './git-directory.ts'
import { missingBranch } from './mirror.ts'
import { refuseOtherOrigin } from './prepare-target.ts'
import type { TargetContext } from './target-context.ts'

export interface PreflightContext extends TargetContext {
  readonly remotes: Remotes
  readonly pushDirectory: string
}

/** Both repositories can be read, have the branches that are needed, and the target can be pushed to. */
export async function preflight(context: PreflightContext): Promise<void> {
  const { attempt } = context
  await mkdir(context.pushDirectory, { recursive: true })
  await assertGitVersion(context)
  await refuseOtherOrigin(context)
  await assertReadable(context, 'platform', attempt.spec.platform)
  await assertReadable(context, 'target', attempt.spec.repository)
  await tryPush(context)
}

/** Older ones do not know `GIT_CONFIG_GLOBAL` and the like, and would quietly obey what we mean to shut out. */
const OLDEST_GIT = [2, 32] as const

async function assertGitVersion({ localGit, pushDirectory, signal }: PreflightContext): Promise<void> {
  const { stdout } = await localGit.run({ args: ['version'], cwd: pushDirectory, signal })
  if (isNewEnough(stdout)) return
  throw new TerminalError(
    'TOOLS_UNAVAILABLE',
    `git ${OLDEST_GIT.join('.')} or newer is needed; here is ${stdout.trim()}`,
  )
}

export function isNewEnough(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > OLDEST_GIT[0] || (Number(major) === OLDEST_GIT[0] && Number(minor) >= OLDEST_GIT[1])
}

async function assertReadable(
  { remotes, pushDirectory, recorder, signal }: PreflightContext,
  repository: GitOperation['repository'],
  remote: RepositoryRef,
): Promise<void> {
  const { stdout } = await recorder.recordRemote(repository, 'lsRemote', () =>
    remotes[repository].run({ args: ['ls-remote', '--heads', remote.url], cwd: pushDirectory, signal }),
  )
  const branches = stdout.split('\n').flatMap((line) => line.split('\trefs/heads/').slice(1))
  if (!branches.includes(remote.branch)) throw missingBranch(remote, branches)
}

/** The commit of each try is the same: it lies there once. */
const SAME_TIME = { GIT_AUTHOR_DATE: '@0 +0000', GIT_COMMITTER_DATE: '@0 +0000' }

/** Sends nothing, but is refused where a push would be; so it counts as a question, not as a push. */
async function tryPush({ attempt, mirror, recorder }: PreflightContext): Promise<void> {
  const { branch, repository } = attempt.spec
  const environment = { ...authorEnvironment(repository.githubUser), ...SAME_TIME }
  await mirror.use(async () => {
    const tree = await mirror.repository.git(['hash-object', '-t', 'tree', '-w', '--stdin'])
    const commit = await mirror.repository.git(['commit-tree', '-m', 'A dry run', tree], { environment })
    await recorder.recordRemote('target', 'lsRemote', () =>
      mirror.withCredentials.git([
        'push',
        '--dry-run',
        '--porcelain',
        '--no-verify',
        repository.url,
        `+${commit}:refs/heads/${branch}`,
      ]),
    )
  })
}
