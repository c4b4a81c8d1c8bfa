import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { branchesToPrune, type LocalBranch } from './prune-branches.ts'

const branch = (id: number, committed: number, isPushed = true): LocalBranch => ({
  name: `feature/task-${id}-implementation`,
  sha: `${id}`,
  committed,
  isPushed,
})

describe('old branches', () => {
  it('are those behind the last three by commit date, not by name', () => {
    const names = branchesToPrune([branch(9, 1), branch(10, 5), branch(2, 4), branch(1, 3), branch(3, 2)], 'other').map(
      ({ sha }) => sha,
    )
    expect(names).toEqual(['3', '9'])
  })

  it('are never the current one, an unpushed one, or a branch of another kind', () => {
    const others = [
      { name: 'main', sha: 'm', committed: 0, isPushed: true },
      { name: 'feature/login', sha: 'l', committed: 0, isPushed: true },
    ]
    expect(
      branchesToPrune(
        [...others, branch(1, 1), branch(2, 2, false), branch(3, 3), branch(4, 4), branch(5, 5)],
        branch(1, 1).name,
      ),
    ).toEqual([])
  })

  it('include the long form of names', () => {
    const long = { name: 'feature/trader-next-task-1-implementation-abcde', sha: 'x', committed: 0, isPushed: true }
    expect(branchesToPrune([long, branch(3, 3), branch(4, 4), branch(5, 5)], 'other')).toEqual([long])
  })

  it('leave at least three, whatever there is', () => {
    const any = fc.uniqueArray(fc.record({ id: fc.nat(50), committed: fc.nat(9), isPushed: fc.boolean() }), {
      selector: ({ id }) => id,
    })
    fc.assert(
      fc.property(any, (list) => {
        const all = list.map(({ id, committed, isPushed }) => branch(id, committed, isPushed))
        expect(all.length - branchesToPrune(all, 'other').length).toBeGreaterThanOrEqual(Math.min(3, all.length))
      }),
    )
  })
})
