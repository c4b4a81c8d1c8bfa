import { join } from 'node:path'
import { printableLine } from '@orchestrator/shared/core'
import { settleOnBranch } from './agent-branch.ts'
import { statOf } from './folders.ts'
import { authorEnvironment } from './git-directory.ts'
import type { Repository } from './repository.ts'
import { stage } from './save-work.ts'
import { secureTarget, type TargetContext } from './target-context.ts'
import { inspectTree, type TreeState } from './tree-state.ts'

export interface CommitOrder {
  readonly message: string
  /** Head at the start of the attempt, where known. */
  readonly startSha: string | undefined
}

/** Commits what the agent left, as the attempt's GitHub user; false when there was nothing, or nothing that may be. */
export async function commitLeftovers(context: TargetContext, { message, startSha }: CommitOrder): Promise<boolean> {
  const { attempt, recorder, target, tenancy } = context
  await tenancy.assertCurrent()
  await secureTarget(context)
  const tree = await inspectTree(target)
  const place = await settleOnBranch(context, { startSha, isHalfFinished: isRewriting(tree) })
  if (tree.changed.length === 0 && tree.untracked.length === 0) return false
  const obstacle = await obstacleTo(target, place)
  if (obstacle !== undefined) {
    recorder.note(
      'warning',
      `what the agent left is not committed: ${obstacle}. It stays in the workspace and is saved before the next attempt`,
    )
    return false
  }
  await tenancy.assertCurrent()
  await stage(target, await withoutNestedRepositories(context, tree))
  if (!(await hasSomethingToCommit(target, tree))) return false
  await recorder.record('target', 'commit', () =>
    target.git(['commit', '--quiet', '--no-verify', '--no-gpg-sign', '--cleanup=strip', '-F', '-'], {
      environment: authorEnvironment(attempt.spec.repository.githubUser),
      input: message,
    }),
  )
  return true
}

/** While commits are being rewritten, what is checked out is in the middle of something. */
function isRewriting({ halfFinished }: TreeState): boolean {
  return halfFinished.some((name) => name.startsWith('rebase') || name.startsWith('BISECT') || name === 'sequencer')
}

async function obstacleTo(target: Repository, place: 'own' | 'adopt' | 'apart'): Promise<string | undefined> {
  if (place === 'apart') return 'it does not stand on the branch of the attempt'
  const unmerged = await target.list(['diff-files', '--name-only', '--diff-filter=U', '--ignore-submodules=all', '-z'])
  return unmerged.length === 0 ? undefined : `a merge with conflicts is not finished in ${shown(unmerged)}`
}

/** A repository within the repository would become a link to commits that nobody else has. */
async function withoutNestedRepositories(
  { recorder, target }: TargetContext,
  { changed }: TreeState,
): Promise<readonly string[]> {
  const untracked = await target.list(['ls-files', '--others', '--exclude-standard', '-z'])
  const nested = untracked.filter((path) => path.endsWith('/'))
  for (const path of changed) if (await becameRepository(target, path)) nested.push(path)
  if (nested.length > 0)
    recorder.note('warning', `repositories within the repository are not committed: ${shown(nested)}`)
  const left = new Set(nested)
  return [...changed, ...untracked].filter((path) => !left.has(path))
}

async function becameRepository(target: Repository, path: string): Promise<boolean> {
  if ((await statOf(join(target.directory, path)))?.isDirectory() !== true) return false
  const entries = await target.list(['--literal-pathspecs', 'ls-files', '--stage', '-z', '--', path])
  return !entries.some((entry) => entry.startsWith('160000 '))
}

async function hasSomethingToCommit(target: Repository, { halfFinished }: TreeState): Promise<boolean> {
  if (halfFinished.includes('MERGE_HEAD')) return true
  return (
    (await target.list(['diff-index', '--cached', '--name-only', '--ignore-submodules=dirty', '-z', 'HEAD'])).length > 0
  )
}

function shown(paths: readonly string[]): string {
  const more = paths.length > 10 ? `, … (${paths.length})` : ''
  return printableLine(paths.slice(0, 10).join(', ')) + more
}
