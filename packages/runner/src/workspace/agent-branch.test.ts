import { describe, expect, it } from 'vitest'
import { type CheckedOut, judgeCheckedOut } from './agent-branch.ts'

const OWN = 'refs/heads/feature/task-1-implementation'
const ELSEWHERE: CheckedOut = {
  headRef: 'refs/heads/other',
  head: 'h',
  branchRef: OWN,
  branch: 'b',
  headContainsBranch: false,
  headContainsStart: true,
  isHalfFinished: false,
}

describe('what the agent left checked out', () => {
  it.each<{ readonly case: string; readonly facts: Partial<CheckedOut>; readonly verdict: string }>([
    { case: 'its own branch, whatever else', facts: { headRef: OWN, isHalfFinished: true }, verdict: 'own' },
    { case: 'a branch that went on from it', facts: { headContainsBranch: true }, verdict: 'adopt' },
    {
      case: 'a detached head that went on from it',
      facts: { headRef: undefined, headContainsBranch: true },
      verdict: 'adopt',
    },
    { case: 'a branch beside it', facts: {}, verdict: 'apart' },
    {
      case: 'the middle of a rebase',
      facts: { headRef: undefined, headContainsBranch: true, isHalfFinished: true },
      verdict: 'apart',
    },
    { case: 'a renamed branch', facts: { branch: undefined }, verdict: 'adopt' },
    {
      case: 'another history after the branch was deleted',
      facts: { branch: undefined, headContainsStart: false },
      verdict: 'apart',
    },
    { case: 'no commit at all', facts: { head: undefined }, verdict: 'apart' },
  ])('$case: $verdict', ({ facts, verdict }) => {
    expect(judgeCheckedOut({ ...ELSEWHERE, ...facts })).toBe(verdict)
  })
})
