import { describe, expect, it } from 'vitest'
import { createRecentBranches } from './recent-branches.ts'

const ON = { repository: 'github.com/example/trader', branch: 'feature/task-1-implementation' }
const TRADER = { service: 'trader', tag: 'master', taskId: '1' }
const AUTH = { service: 'auth', tag: 'master', taskId: '1' }

describe('createRecentBranches', () => {
  it('tells other tasks whose a branch is, from before it is published', () => {
    const branches = createRecentBranches(() => 0)
    branches.take(ON, TRADER)
    expect(branches.holder(ON, AUTH)).toEqual(TRADER)
    expect(branches.holder(ON, TRADER)).toBeUndefined()
    expect(branches.holder({ ...ON, branch: 'other' }, AUTH)).toBeUndefined()
  })

  it('gives a branch back when nothing was published', () => {
    const branches = createRecentBranches(() => 0)
    const first = branches.take(ON, TRADER)
    branches.take(ON, TRADER).stored(3)
    first.release()
    expect(branches.holder(ON, AUTH)).toEqual(TRADER)
    branches.take({ ...ON, branch: 'other' }, TRADER).release()
    expect(branches.holder({ ...ON, branch: 'other' }, AUTH)).toBeUndefined()
  })

  it('forgets what the view shows, and no more', () => {
    let shown = 0
    const branches = createRecentBranches(() => shown)
    branches.take({ ...ON, branch: 'a' }, TRADER).stored(1)
    branches.take({ ...ON, branch: 'b' }, TRADER).stored(2)
    shown = 1
    branches.take({ ...ON, branch: 'c' }, TRADER).stored(3)
    expect(['a', 'b', 'c'].map((branch) => branches.holder({ ...ON, branch }, AUTH) !== undefined)).toEqual([
      false,
      true,
      true,
    ])
  })
})
