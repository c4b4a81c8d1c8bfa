import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, createBench } from './workspace-fixture.ts'

const BRANCH = 'feature/task-1-implementation'

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

describe('work that was left uncommitted', () => {
  it('is saved to the attempt that left it, before the tree is cleaned', async () => {
    {
      await using _ = await bench.arrive()
      await bench.write('target-repo/README.md', 'changed\n')
      await bench.write('target-repo/trader/staged.ts', 'staged\n')
      await bench.agentGit('add', 'trader/staged.ts')
      await bench.write('target-repo/trader/staged.ts', 'staged and changed\n')
      await bench.write('target-repo/notes/deep/untracked.md', 'untracked\n')
      await bench.write('target-repo/ignored/cache.bin', 'cache\n')
      await bench.agentGit('rm', '--quiet', 'trader/index.ts')
    }
    await using visit = await bench.arrive({ n: 2 })
    const saved = 'tasks/master-1/attempt-1/saved'
    expect(visit.notes()).toContain(saved)
    expect(await bench.agentGit('status', '--porcelain')).toBe('')
    expect(await bench.read('target-repo/README.md')).toBe('hello\n')
    expect(await bench.read('target-repo/ignored/cache.bin')).toBe('cache\n')
    expect(await bench.read(`${saved}/files/notes/deep/untracked.md`)).toBe('untracked\n')
    expect(await bench.read(`${saved}/staged.diff`)).toContain('+staged\n')
    expect(await bench.read(`${saved}/status.txt`)).toContain('notes/')
    await bench.agentGit('apply', '--index', join(bench.root, saved, 'changes.diff'))
    expect(await bench.agentGit('status', '--porcelain')).toBe(
      'M  README.md\nD  trader/index.ts\nA  trader/staged.ts'.trim(),
    )
    expect(await bench.read('target-repo/trader/staged.ts')).toBe('staged and changed\n')
  })

  it('of another task goes to that task, and one save never replaces another', async () => {
    {
      await using _ = await bench.arrive()
      await bench.write('target-repo/one.md', '1\n')
    }
    {
      await using visit = await bench.visit({ taskId: '2' })
      expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/saved'])
      await bench.write('target-repo/two.md', '2\n')
    }
    await using visit = await bench.visit({ taskId: '2', n: 2 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/saved-2'])
    expect(await bench.read('tasks/master-1/attempt-1/saved/files/one.md')).toBe('1\n')
    expect(await bench.read('tasks/master-1/attempt-1/saved-2/files/two.md')).toBe('2\n')
  })

  it('is saved with the state of a merge that was not finished', async () => {
    await bench.attemptThatPushes()
    {
      await using _ = await bench.arrive({ n: 2 })
      await bench.agentGit('checkout', '--quiet', '-b', 'side', 'HEAD~1')
      await bench.agentCommits('trader/task1-1.ts', 'other\n')
      await bench.agentGit('checkout', '--quiet', BRANCH)
      await expect(bench.agentGit('merge', 'side')).rejects.toThrow()
    }
    await using visit = await bench.visit({ n: 3 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-2/saved'])
    expect(await bench.read('tasks/master-1/attempt-2/saved/changes.diff')).toContain('<<<<<<<')
    expect(await bench.read('tasks/master-1/attempt-2/saved/git-state/MERGE_HEAD')).toMatch(/^[0-9a-f]{40}/)
    expect(await bench.agentGit('status')).toContain('nothing to commit')
  })

  it('is saved with the state of a rebase that was not finished', async () => {
    await bench.attemptThatPushes()
    {
      await using _ = await bench.arrive({ n: 2 })
      await bench.agentCommits('trader/x.ts', 'x\n')
      await bench.agentGit('checkout', '--quiet', '-b', 'side', 'HEAD~1')
      await bench.agentCommits('trader/x.ts', 'other\n')
      await expect(bench.agentGit('rebase', BRANCH)).rejects.toThrow()
    }
    await using visit = await bench.visit({ n: 3 })
    expect((await visit.workspace.prepareTarget()).savedWork).toHaveLength(1)
    expect(existsSync(join(bench.root, 'tasks/master-1/attempt-2/saved/git-state/rebase-merge'))).toBe(true)
    expect(await bench.agentGit('status')).toContain(`On branch ${BRANCH}\nnothing to commit`)
    expect(await bench.agentGit('log', '--format=%s', 'side')).toContain('trader/x.ts')
  })

  it('includes commits on a detached head', async () => {
    let stray: string
    {
      await using _ = await bench.arrive()
      await bench.agentGit('checkout', '--quiet', '--detach')
      stray = await bench.agentCommits('trader/stray.ts', 's\n')
    }
    await using visit = await bench.visit({ n: 2 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/saved'])
    expect(await bench.agentGit('for-each-ref', '--format=%(objectname)', 'refs/orchestrator/saved')).toBe(stray)
    const person = await bench.target.clone()
    const file = join(bench.root, 'tasks/master-1/attempt-1/saved/commits.bundle')
    await bench.target.git(['fetch', '--quiet', file, 'refs/orchestrator/*:refs/orchestrator/*'], person)
    expect(await bench.target.git(['show', `${stray}:trader/stray.ts`], person)).toBe('s\n')
  })

  it('cannot be hidden by flags in the index, nor lost with a broken index', async () => {
    {
      await using _ = await bench.arrive()
      await bench.write('target-repo/README.md', 'hidden\n')
      await bench.agentGit('update-index', '--assume-unchanged', 'README.md')
      await bench.write('target-repo/trader/index.ts', 'skipped\n')
      await bench.agentGit('update-index', '--skip-worktree', 'trader/index.ts')
    }
    {
      await using _ = await bench.arrive({ n: 2 })
      const diff = await bench.read('tasks/master-1/attempt-1/saved/changes.diff')
      expect(diff).toContain('+hidden')
      expect(diff).toContain('+skipped')
      expect(await bench.read('target-repo/README.md')).toBe('hello\n')
      await bench.write('target-repo/README.md', 'again\n')
      await bench.write('target-repo/.git/index', 'broken')
    }
    await using _ = await bench.arrive({ n: 3 })
    expect(await bench.read('tasks/master-1/attempt-2/saved/changes.diff')).toContain('+again')
  })

  it('includes repositories within the repository', async () => {
    {
      await using _ = await bench.arrive()
      await bench.agentGit('init', '--quiet', 'vendored')
      await bench.write('target-repo/vendored/file.md', 'v\n')
    }
    await using _ = await bench.arrive({ n: 2 })
    expect(await bench.read('tasks/master-1/attempt-1/saved/files/vendored/file.md')).toBe('v\n')
    expect(existsSync(join(bench.root, 'target-repo/vendored'))).toBe(false)
  })
})
