import { mkdir, readdir, readlink, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hasCode } from '@orchestrator/shared/core'
import type { TargetState } from '../ports.ts'
import { type BranchDecision, decideBranch } from './branch-decision.ts'
import { conflict, freeName, move, statOf } from './folders.ts'
import { inspectGitDirectory, readOrigin } from './git-directory.ts'
import { languagesIn } from './languages.ts'
import { ATTEMPT_FOLDER_PATTERN, CURRENT_LINK } from './layout.ts'
import { missingBranch } from './mirror.ts'
import { remoteBranches } from './platform-repository.ts'
import { branchesToPrune, type LocalBranch } from './prune-branches.ts'
import { completeHistory } from './repository.ts'
import { isSameRepository, withoutUserInfo } from './same-repository.ts'
import { bundle, finishPartialSave, saveWork } from './save-work.ts'
import { secureTarget, type TargetContext } from './target-context.ts'
import { tidyMirror } from './tidy-mirror.ts'
import { inspectTree, isClean } from './tree-state.ts'
import { ensureWorkingDirectory } from './working-directory.ts'

/** `target-repo/` on the attempt's branch. May be cut anywhere and run again. */
export async function prepareTarget(context: TargetContext): Promise<TargetState> {
  const { attempt, layout, mirror, recorder, tenancy } = context
  const { repository, branch, workingDirectory } = attempt.spec
  await tenancy.assertCurrent()
  await refuseOtherOrigin(context)
  await mirror.refresh()
  const base = await mirror.remoteBranch(repository.branch)
  if (base === undefined) throw missingBranch(repository, await remoteBranches(mirror.repository))

  const saved = await enterRepository(context)
  const decision = await decide(context, base)
  if (decision.kind === 'conflict') throw await branchConflict(context, decision)
  await tenancy.assertCurrent()
  await recorder.record('target', decision.kind === 'fastForward' ? 'merge' : 'checkout', () =>
    checkOut(context, decision.sha),
  )
  if ('note' in decision) recorder.note('info', `${branch}: ${decision.note}`)
  await mirror.markSeen(branch, await mirror.remoteBranch(branch))
  await prune(context)
  await tidyMirror({ mirror, branch, recorder })
  return {
    workingDirectory: await ensureWorkingDirectory(layout.target, workingDirectory),
    branchIsNew: decision.kind === 'create',
    baseSha: await branchPoint(context, decision.sha, base),
    startSha: decision.sha,
    savedWork: saved.map((folder) => relative(layout.root, folder)),
    languages: languagesIn(await context.target.list(['ls-tree', '-r', '-z', '--name-only', decision.sha])),
  }
}

/** @throws TerminalError WORKSPACE_CONFLICT naming both repositories */
export async function refuseOtherOrigin({ attempt, layout, localGit, signal }: TargetContext): Promise<void> {
  if ((await inspectGitDirectory(layout.target)) !== 'repository') return
  const origin = await readOrigin({ git: localGit, directory: layout.target, signal })
  const wanted = attempt.spec.repository.url
  if (origin === undefined || isSameRepository(origin, wanted)) return
  const found = withoutUserInfo(origin)
  throw conflict(
    `${layout.target} is a clone of ${found}, but this attempt is for ${wanted}: move the folder away to go on`,
    { found, wanted },
  )
}

/** Makes the repository usable and its tree clean; returns the folders that hold what was in the way. */
async function enterRepository(context: TargetContext): Promise<readonly string[]> {
  const owner = await ownerOfTree(context)
  const cut = await finishPartialSave(owner)
  const saved = cut === undefined ? [] : [cut]
  try {
    return [...saved, ...(await bringUpToDate(context, owner))]
  } catch (error) {
    // Only damage is met by starting anew; the folder is kept as it is.
    if (!hasCode(error, 'GIT_FAILED') || context.signal.aborted || (await context.target.isSound())) throw error
    const aside = await setAside(context, owner, `it is damaged (${error.message})`)
    return [...saved, aside, ...(await bringUpToDate(context, owner))]
  }
}

async function bringUpToDate(context: TargetContext, owner: string): Promise<readonly string[]> {
  const { attempt, layout, localGit, recorder, signal, target, tenancy } = context
  const saved: string[] = []
  let state = await inspectGitDirectory(layout.target)
  if (state === 'unversioned' && (await readdir(layout.target)).length > 0) {
    saved.push(await setAside(context, owner, 'it has files but no repository'))
    state = 'absent'
  }
  if (state !== 'repository') {
    await mkdir(layout.target, { recursive: true })
    await localGit.run({ args: ['init', '--quiet', '--template=', '.'], cwd: layout.target, signal })
  }
  await secureTarget(context)
  const tree = await inspectTree(target)
  if (!isClean(tree)) {
    await tenancy.assertCurrent()
    saved.push(
      await saveWork({ repository: target, state: tree, attemptDirectory: owner, attemptName: attempt.spec.name }),
    )
    recorder.note(
      'warning',
      `uncommitted work of an earlier attempt was saved to ${relative(layout.root, saved.at(-1) ?? owner)}`,
    )
  }
  await recorder.record('target', 'fetch', () => fetchFromMirror(context))
  await assertWhole(context)
  return saved
}

/** Everything comes from the runner's own clone: no credential is used where the agent can write. */
async function fetchFromMirror({ mirror, target }: TargetContext): Promise<void> {
  const source = mirror.repository.directory
  const common = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head']
  await completeHistory(target, source)
  await target.git([...common, '--prune', source, '+refs/remotes/origin/*:refs/remotes/origin/*'])
  await target.git([...common, source, '+refs/tags/*:refs/tags/*'])
}

/** Every object that only the workspace has must be there, or a later push would find out. */
async function assertWhole({ attempt, target }: TargetContext): Promise<void> {
  await target.git(['for-each-ref', '--format=%(objectname)'])
  const local = await target.git(['for-each-ref', '--format=%(objectname)', `refs/heads/${attempt.spec.branch}`])
  if (local !== '') await target.git(['rev-list', '--objects', '--quiet', local, '--not', '--remotes=origin'])
}

async function setAside({ layout, recorder }: TargetContext, owner: string, why: string): Promise<string> {
  const folder = await freeName(owner, 'target-repo')
  await move(layout.target, folder)
  recorder.note('warning', `${layout.target} was moved to ${relative(layout.root, folder)} and is cloned anew: ${why}`)
  return folder
}

/** Folder of the attempt that ran here last, by the link at the root; this attempt's own where there is none. */
async function ownerOfTree({ layout, tenancy }: TargetContext): Promise<string> {
  const destination = await readlink(join(layout.root, CURRENT_LINK)).catch(() => '')
  if (!ATTEMPT_FOLDER_PATTERN.test(destination)) return tenancy.attemptDirectory
  const [history = '', task = ''] = destination.split('/')
  for (const path of [history, `${history}/${task}`, destination]) {
    if ((await statOf(join(layout.root, path)))?.isDirectory() !== true) return tenancy.attemptDirectory
  }
  return join(layout.root, destination)
}

async function decide({ attempt, mirror, target }: TargetContext, base: string): Promise<BranchDecision> {
  const { branch } = attempt.spec
  const local = await target.commit(`refs/heads/${branch}`)
  const remote = await mirror.remoteBranch(branch)
  const seen = await mirror.seen(branch)
  const both = local !== undefined && remote !== undefined
  return decideBranch({
    local,
    remote,
    seen,
    base,
    relation: both ? await relationOf(target, local, remote) : 'equal',
    remoteKeepsSeen: seen === undefined || remote === undefined || (await mirror.repository.isAncestor(seen, remote)),
  })
}

async function relationOf(
  target: TargetContext['target'],
  local: string,
  remote: string,
): Promise<'equal' | 'ahead' | 'behind' | 'diverged'> {
  if (local === remote) return 'equal'
  if (await target.isAncestor(remote, local)) return 'ahead'
  return (await target.isAncestor(local, remote)) ? 'behind' : 'diverged'
}

/** Nothing is changed; the workspace's commits are also put where a person can fetch them from. */
async function branchConflict(
  { attempt, layout, target, tenancy }: TargetContext,
  { local, remote, why }: Extract<BranchDecision, { kind: 'conflict' }>,
): Promise<Error> {
  const { branch } = attempt.spec
  const file = join(tenancy.attemptDirectory, 'branch.bundle')
  await rm(file, { force: true })
  const isBundled = await bundle(target, `refs/heads/${branch}`, file).then(
    () => true,
    () => false,
  )
  const where = isBundled ? ` (also in ${relative(layout.root, file)})` : ''
  return conflict(
    `${branch}: ${why}: ${local} in the workspace${where}, ${remote} at the remote. Nothing was changed. ` +
      'Make the branch at the remote contain both, or delete it there to go on with the commits of the workspace',
    { branch, local, remote },
  )
}

async function checkOut({ attempt, target }: TargetContext, sha: string): Promise<void> {
  const ref = `refs/heads/${attempt.spec.branch}`
  await target.git(['update-ref', ref, sha])
  await target.git(['symbolic-ref', 'HEAD', ref])
  await target.git(['reset', '--quiet', '--hard', sha])
}

async function branchPoint({ target }: TargetContext, head: string, base: string): Promise<string> {
  const point = await target.git(['merge-base', head, base]).catch((error: unknown) => {
    if (hasCode(error, 'GIT_FAILED')) return ''
    throw error
  })
  // Histories without a common commit (the base was rewritten from scratch): compare with the base itself.
  return point === '' ? base : point
}

async function prune({ attempt, mirror, recorder, target }: TargetContext): Promise<void> {
  const format = '--format=%(refname:lstrip=2)%09%(objectname)%09%(committerdate:unix)'
  const lines = (await target.git(['for-each-ref', format, 'refs/heads/feature']))
    .split('\n')
    .filter((line) => line !== '')
  const branches: LocalBranch[] = []
  for (const line of lines) {
    const [name = '', sha = '', committed = '0'] = line.split('\t')
    branches.push({ name, sha, committed: Number(committed), isPushed: await isPushed({ mirror, target }, name, sha) })
  }
  for (const { name, sha } of branchesToPrune(branches, attempt.spec.branch)) {
    await target.git(['update-ref', '-d', `refs/heads/${name}`, sha])
    recorder.note('info', `old branch ${name} (${sha.slice(0, 12)}, pushed) was removed from the workspace`)
  }
}

/** Also true for a branch that was deleted at the remote after it was pushed: the runner's own clone still has it. */
async function isPushed(
  { mirror, target }: Pick<TargetContext, 'mirror' | 'target'>,
  name: string,
  sha: string,
): Promise<boolean> {
  if ((await target.git(['for-each-ref', '--count=1', '--contains', sha, 'refs/remotes/origin'])) !== '') return true
  const seen = await mirror.seen(name)
  return seen !== undefined && (await mirror.repository.isAncestor(sha, seen))
}
