import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BranchFacts, decideBranch } from './branch-decision.ts'

const BASE: BranchFacts = {
  local: undefined,
  remote: undefined,
  seen: undefined,
  base: 'base',
  relation: 'equal',
  remoteKeepsSeen: true,
}

describe('the commit an attempt starts from', () => {
  it.each<{ readonly case: string; readonly facts: Partial<BranchFacts>; readonly decision: object }>([
    { case: 'nothing anywhere: the base', facts: {}, decision: { kind: 'create', sha: 'base' } },
    { case: 'only the remote has it', facts: { remote: 'r' }, decision: { kind: 'fromRemote', sha: 'r' } },
    { case: 'only the workspace has it', facts: { local: 'l' }, decision: { kind: 'keep', sha: 'l' } },
    { case: 'deleted at the remote', facts: { local: 'l', seen: 'l' }, decision: { kind: 'keep', sha: 'l' } },
    { case: 'both the same', facts: { local: 'x', remote: 'x' }, decision: { kind: 'keep', sha: 'x' } },
    {
      case: 'unpushed commits',
      facts: { local: 'l', remote: 'r', relation: 'ahead', seen: 'r' },
      decision: { kind: 'keep', sha: 'l' },
    },
    {
      case: 'unpushed commits, runner’s clone lost',
      facts: { local: 'l', remote: 'r', relation: 'ahead' },
      decision: { kind: 'keep', sha: 'l' },
    },
    {
      case: 'a person added commits',
      facts: { local: 'l', remote: 'r', relation: 'behind', seen: 'l' },
      decision: { kind: 'fastForward', sha: 'r' },
    },
    {
      case: 'rewritten in the workspace only',
      facts: { local: 'l', remote: 'r', relation: 'diverged', seen: 'r' },
      decision: { kind: 'keep', sha: 'l' },
    },
    {
      case: 'both have commits',
      facts: { local: 'l', remote: 'r', relation: 'diverged', seen: 's' },
      decision: { kind: 'conflict' },
    },
    {
      case: 'rewritten at the remote',
      facts: { local: 'l', remote: 'r', relation: 'diverged', seen: 'l', remoteKeepsSeen: false },
      decision: { kind: 'conflict' },
    },
    {
      case: 'set back at the remote',
      facts: { local: 'l', remote: 'r', relation: 'ahead', seen: 'l', remoteKeepsSeen: false },
      decision: { kind: 'conflict' },
    },
  ])('$case', ({ facts, decision }) => {
    expect(decideBranch({ ...BASE, ...facts })).toMatchObject(decision)
  })

  it('never leaves local commits that the remote does not contain', () => {
    const sha = fc.constantFrom('a', 'b', 'c')
    const relation = fc.constantFrom('equal' as const, 'ahead' as const, 'behind' as const, 'diverged' as const)
    fc.assert(
      fc.property(
        fc.record({
          local: sha,
          remote: fc.option(sha, { nil: undefined }),
          seen: fc.option(sha, { nil: undefined }),
          relation,
          remoteKeepsSeen: fc.boolean(),
        }),
        (facts) => {
          const { local, remote } = facts
          const decision = decideBranch({ ...facts, base: 'base' })
          if (decision.kind === 'conflict' || decision.sha === local) return
          expect(remote !== undefined && (facts.relation === 'behind' || local === remote)).toBe(true)
        },
      ),
    )
  })
})
