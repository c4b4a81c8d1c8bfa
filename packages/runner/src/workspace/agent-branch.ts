import type { TargetContext } from './target-context.ts'

/** How what the agent left checked out stands to the attempt's branch. Pure. */
export interface CheckedOut {
  /** `refs/heads/…`, or `undefined` when a commit is checked out without a branch. */
  readonly headRef: string | undefined
  readonly head: string | undefined
  readonly branchRef: string
  readonly branch: string | undefined
  /** The branch's commit is part of what is checked out. */
  readonly headContainsBranch: boolean
  /** The commit that the attempt started from is part of what is checked out. */
  readonly headContainsStart: boolean
  /** A rebase or the like goes on: what is checked out is nobody's final word. */
  readonly isHalfFinished: boolean
}

/** `own`: as it should be. `adopt`: the branch takes over what is checked out. `apart`: it is something else. */
export function judgeCheckedOut(facts: CheckedOut): 'own' | 'adopt' | 'apart' {
  if (facts.headRef === facts.branchRef) return 'own'
  if (facts.head === undefined || facts.isHalfFinished) return 'apart'
  if (facts.branch === undefined) return facts.headContainsStart ? 'adopt' : 'apart'
  return facts.headContainsBranch ? 'adopt' : 'apart'
}

/**
 * An agent that went on with a detached head or a branch of its own still did the work of this attempt: where that
 * follows on from the attempt's branch, the branch takes it over.
 */
export async function settleOnBranch(
  context: TargetContext,
  facts: { readonly startSha: string | undefined; readonly isHalfFinished: boolean },
): Promise<'own' | 'adopt' | 'apart'> {
  const { attempt, recorder, target } = context
  const branchRef = `refs/heads/${attempt.spec.branch}`
  const headRef = (await target.git(['rev-parse', '--symbolic-full-name', 'HEAD']).catch(() => '')) || undefined
  const [head, branch] = [await target.commit('HEAD'), await target.commit(branchRef)]
  const contains = async (sha: string | undefined): Promise<boolean> =>
    head !== undefined && sha !== undefined && (await target.isAncestor(sha, head))
  const verdict = judgeCheckedOut({
    headRef: headRef === 'HEAD' ? undefined : headRef,
    head,
    branchRef,
    branch,
    headContainsBranch: await contains(branch),
    headContainsStart: await contains(facts.startSha),
    isHalfFinished: facts.isHalfFinished,
  })
  if (verdict === 'adopt' && head !== undefined) {
    await target.git(['update-ref', branchRef, head])
    await target.git(['symbolic-ref', 'HEAD', branchRef])
    if (head !== branch)
      recorder.note(
        'warning',
        `the agent worked on ${shown(headRef)}: ${attempt.spec.branch} takes over its commits, now ${head}`,
      )
  }
  if (verdict === 'apart')
    recorder.note(
      'warning',
      `the agent left ${shown(headRef)} at ${head ?? 'no commit'} checked out, which does not follow on from ${attempt.spec.branch}: it is not part of the result and stays in the workspace`,
    )
  return verdict
}

function shown(ref: string | undefined): string {
  return ref === undefined || ref === 'HEAD' ? 'a detached head' : ref.replace('refs/heads/', '')
}
