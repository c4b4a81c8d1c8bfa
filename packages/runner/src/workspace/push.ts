import { hasCode, TerminalError } from '@orchestrator/shared/core'
import { settleOnBranch } from './agent-branch.ts'
import { conflict } from './folders.ts'
import { inspectGitDirectory } from './git-directory.ts'
import { agentRef } from './mirror.ts'
import { completeHistory, TRANSFER_TIMEOUT_MS } from './repository.ts'
import { secureTarget, type TargetContext } from './target-context.ts'

export interface PushContext extends TargetContext {
  /** Head at the start of the attempt, where known. */
  readonly startSha: string | undefined
}

/** Serving a repository that somebody else may have written is what upload-pack is made for; it gets nothing to obey. */
const UPLOAD_PACK = 'git -c safe.directory=* -c core.fsmonitor=false -c core.hooksPath=/dev/null upload-pack'

/**
 * Takes the commits of the attempt's branch over into the runner's own clone, objects checked.
 * @returns the sha of the branch
 */
export async function importBranch(context: PushContext): Promise<string> {
  const { attempt, layout, mirror, recorder, target } = context
  const { branch } = attempt.spec
  if ((await inspectGitDirectory(layout.target)) !== 'repository')
    throw conflict(`${layout.target} is no repository any more: what the agent committed is gone`)
  await secureTarget(context)
  await settleOnBranch(context, { startSha: context.startSha, isHalfFinished: false })
  if ((await target.commit(`refs/heads/${branch}`)) === undefined)
    throw conflict(`${layout.target} has no branch ${branch} any more`)
  await mirror.ensure()
  await completeHistory(target, mirror.repository.directory)
  await recorder.record('target', 'fetch', () =>
    mirror.repository.git([
      '-c',
      'fetch.fsckObjects=true',
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      `--upload-pack=${UPLOAD_PACK}`,
      layout.target,
      `+refs/heads/${branch}:${agentRef(branch)}`,
    ]),
  )
  const sha = await mirror.repository.commit(agentRef(branch))
  if (sha === undefined) throw conflict(`branch ${branch} could not be read from ${layout.target}`)
  return sha
}

/** @returns the pushed sha. @throws TerminalError GIT_REJECTED naming what happened */
export async function pushBranch(context: PushContext): Promise<string> {
  const { attempt, mirror, target, tenancy } = context
  const { branch } = attempt.spec
  const sha = await importBranch(context)
  const seen = await mirror.seen(branch)
  await warnOfReplaced(context, sha, seen)
  await tenancy.assertCurrent()
  await keepingTold(context, sha, () => send(context, sha, seen))
  await mirror.markSeen(branch, sha)
  await mirror.repository.git(['update-ref', `refs/remotes/origin/${branch}`, sha])
  await target.git(['update-ref', `refs/remotes/origin/${branch}`, sha])
  return sha
}

const OF_THE_REMOTE = ['GIT_AUTH_FAILED', 'GIT_NOT_FOUND', 'GIT_UNAVAILABLE'] as const

/** Where the remote cannot be reached or has had enough of a credential, nothing is lost: that is said too. */
async function keepingTold({ attempt }: PushContext, sha: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const code = OF_THE_REMOTE.find((each) => hasCode(error, each))
    if (code === undefined) throw error
    const { branch } = attempt.spec
    throw new TerminalError(
      code,
      `${branch} could not be pushed; its commits are in the workspace (${sha}), and the next attempt goes on from them and pushes them`,
      { cause: error, details: { branch, sha } },
    )
  }
}

async function send({ attempt, mirror, recorder }: PushContext, sha: string, seen: string | undefined): Promise<void> {
  const { branch, repository } = attempt.spec
  const ref = `refs/heads/${branch}`
  const args = [
    'push',
    '--porcelain',
    '--no-verify',
    `--force-with-lease=${ref}:${seen ?? ''}`,
    repository.url,
    `${sha}:${ref}`,
  ]
  await recorder.recordRemote('target', 'push', async () => {
    try {
      await mirror.withCredentials.git(args, { timeoutMs: TRANSFER_TIMEOUT_MS })
    } catch (error) {
      if (!hasCode(error, 'GIT_REJECTED')) throw error
      const there = await remoteSha(mirror, repository.url, ref)
      // The answer to an earlier try was lost, not the push.
      if (there === sha) return
      throw rejected({ branch, sha, seen, there, report: textOf(error.details['report']), cause: error })
    }
  })
}

async function remoteSha(mirror: PushContext['mirror'], url: string, ref: string): Promise<string | undefined> {
  return (await mirror.withCredentials.git(['ls-remote', url, ref])).split('\t')[0] || undefined
}

interface Rejection {
  readonly branch: string
  readonly sha: string
  readonly seen: string | undefined
  readonly there: string | undefined
  readonly report: string
  readonly cause: Error
}

function rejected({ branch, sha, seen, there, report, cause }: Rejection): TerminalError {
  const why =
    there === seen
      ? `the remote refused it: ${reasonIn(report) ?? cause.message}`
      : `the branch was changed at the remote meanwhile: it was ${seen ?? 'absent'} and is ${there ?? 'absent'} now`
  return new TerminalError(
    'GIT_REJECTED',
    `push of ${branch} was rejected, ${why}. The commits are in the workspace (${sha})`,
    {
      cause,
      details: { branch, sha, expected: seen ?? null, found: there ?? null },
    },
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function reasonIn(report: string): string | undefined {
  return /^!\t.*\[(?:remote )?rejected\] (?:\()?(.*?)\)?$/m.exec(report)?.[1]
}

/** Rewriting what was pushed before is allowed to the agent, not silently: the older commits stay findable. */
async function warnOfReplaced(
  { attempt, mirror, recorder }: PushContext,
  sha: string,
  seen: string | undefined,
): Promise<void> {
  if (seen === undefined || (await mirror.repository.isAncestor(seen, sha))) return
  await mirror.repository.git(['update-ref', `refs/replaced/${attempt.spec.name}/${seen}`, seen])
  recorder.note(
    'warning',
    `${attempt.spec.branch} was rewritten: ${seen}, pushed before, is no longer part of it and stays in the runner's own clone`,
  )
}
