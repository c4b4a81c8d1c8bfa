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

describe('the next attempt', () => {
  it('goes on from the branch that the last one pushed', async () => {
    const pushed = await bench.attemptThatPushes()
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({
      branchIsNew: false,
      startSha: pushed,
      baseSha: await bench.target.sha('main'),
    })
  })

  it('goes on from local commits that were never pushed', async () => {
    let local: string
    {
      await using visit = await bench.arrive()
      local = await bench.agentCommits('trader/a.ts', 'a\n')
      expect(visit.attempt.spec.n).toBe(1)
    }
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ branchIsNew: false, startSha: local })
    expect(await visit.workspace.push()).toBe(local)
  })

  it('takes the branch from the remote when the workspace is new', async () => {
    const sha = await bench.target.commit({ branch: BRANCH, files: { 'trader/p.ts': 'p\n' } })
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ branchIsNew: false, startSha: sha })
    expect(await bench.read('target-repo/trader/p.ts')).toBe('p\n')
  })

  it('takes over commits that a person added at the remote', async () => {
    await bench.attemptThatPushes()
    const added = await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
    await using visit = await bench.arrive({ n: 2 })
    expect(await bench.agentGit('rev-parse', 'HEAD')).toBe(added)
    expect(visit.notes()).toContain('added at the remote')
    expect(visit.workspace.gitOperations.at(-1)).toMatchObject({ operation: 'merge', ok: true })
    const mine = await bench.agentCommits('trader/more.ts', 'm\n')
    expect(await visit.workspace.push()).toBe(mine)
  })

  it('reports it when both sides have commits of their own, and touches nothing', async () => {
    await bench.attemptThatPushes()
    let local: string
    {
      await using _ = await bench.arrive({ n: 2 })
      local = await bench.agentCommits('trader/unpushed.ts', 'u\n')
    }
    const remote = await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
    await using visit = await bench.visit({ n: 3 })
    const failed = visit.workspace.prepareTarget()
    await expect(failed).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT', details: { local, remote } })
    await expect(failed).rejects.toThrow(/both the workspace and the remote/)
    expect(await bench.agentGit('rev-parse', BRANCH)).toBe(local)
    const person = await bench.target.clone()
    await bench.target.git(
      ['fetch', '--quiet', join(visit.tenancy.attemptDirectory, 'branch.bundle'), `refs/heads/${BRANCH}:saved`],
      person,
    )
    expect(await bench.target.git(['rev-parse', 'saved'], person)).toBe(`${local}\n`)
  })

  it('goes on once a person has merged both sides', async () => {
    await bench.attemptThatPushes()
    {
      await using _ = await bench.arrive({ n: 2 })
      await bench.agentCommits('trader/unpushed.ts', 'u\n')
    }
    await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
    const person = await bench.target.clone()
    await bench.target.git(['checkout', '--quiet', BRANCH], person)
    await bench.target.git(['fetch', '--quiet', join(bench.root, 'target-repo'), BRANCH], person)
    await bench.target.git(['merge', '--quiet', '-m', 'Both', 'FETCH_HEAD'], person)
    await bench.target.git(['push', '--quiet', 'origin', BRANCH], person)
    await using visit = await bench.visit({ n: 3 })
    const state = await visit.workspace.prepareTarget()
    expect(state.startSha).toBe(await bench.target.sha(BRANCH))
  })

  it('keeps the workspace branch when it was deleted at the remote, and pushes it again', async () => {
    const pushed = await bench.attemptThatPushes()
    await bench.target.deleteBranch(BRANCH)
    await using visit = await bench.visit({ n: 2 })
    expect((await visit.workspace.prepareTarget()).startSha).toBe(pushed)
    expect(visit.notes()).toContain('deleted at the remote')
    expect(await visit.workspace.push()).toBe(pushed)
    expect(await bench.target.sha(BRANCH)).toBe(pushed)
  })

  it('reports a branch that a person rewrote or set back', async () => {
    const pushed = await bench.attemptThatPushes()
    const rewritten = await bench.target.commit({ branch: BRANCH, files: { 'trader/other.ts': 'o\n' }, force: true })
    {
      await using visit = await bench.visit({ n: 2 })
      await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({
        code: 'WORKSPACE_CONFLICT',
        details: { local: pushed, remote: rewritten },
      })
    }
    await bench.target.git(['update-ref', `refs/heads/${BRANCH}`, (await bench.target.sha('main')) ?? ''])
    await using visit = await bench.visit({ n: 3 })
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(/set back at the remote/)
    expect(await bench.agentGit('rev-parse', BRANCH)).toBe(pushed)
  })

  it('bears a base that was rewritten: the branch stays, a new task starts from the new base', async () => {
    const pushed = await bench.attemptThatPushes()
    const base = await bench.target.commit({ files: { 'new.md': 'n\n' }, force: true })
    {
      await using visit = await bench.visit({ n: 2 })
      expect(await visit.workspace.prepareTarget()).toMatchObject({ startSha: pushed })
    }
    await using visit = await bench.visit({ taskId: '2' })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ startSha: base, baseSha: base, branchIsNew: true })
  })

  it('bears a base without any common history', async () => {
    const pushed = await bench.attemptThatPushes()
    const person = await bench.target.clone()
    await bench.target.git(['checkout', '--quiet', '--orphan', 'fresh'], person)
    await bench.target.git(['commit', '--quiet', '-m', 'All new'], person)
    await bench.target.git(['push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main'], person)
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({
      startSha: pushed,
      baseSha: await bench.target.sha('main'),
    })
    expect((await visit.workspace.changes()).headSha).toBe(pushed)
  })

  it('stands on its own task again after others: 1, 1, 2, 1', async () => {
    await bench.attemptThatPushes(1)
    const second = await bench.attemptThatPushes(2)
    const other = await bench.attemptThatPushes(1, '2')
    await using visit = await bench.arrive({ n: 3 })
    expect(await bench.agentGit('rev-parse', 'HEAD')).toBe(second)
    expect(existsSync(join(bench.root, 'target-repo/trader/task2-1.ts'))).toBe(false)
    const third = await bench.agentCommits('trader/third.ts', '3\n')
    await visit.workspace.push()
    expect(await bench.target.sha(BRANCH)).toBe(third)
    expect(await bench.target.sha('feature/task-2-implementation')).toBe(other)
  })
})

describe('old branches', () => {
  it('are pruned to the last three, never an unpushed or the current one', async () => {
    await bench.attemptThatPushes()
    const ids = ['11', '12', '13', '14', '15']
    for (const [day, id] of ids.entries()) {
      await bench.target.commit({
        branch: `feature/task-${id}-implementation`,
        files: { 'f.md': id },
        date: `2026-01-0${day + 1}T00:00:00Z`,
      })
    }
    await bench.agentGit('fetch', '--quiet', 'origin')
    for (const id of ids)
      await bench.agentGit(
        'branch',
        '--quiet',
        `feature/task-${id}-implementation`,
        `origin/feature/task-${id}-implementation`,
      )
    await bench.agentGit('branch', '--quiet', 'feature/other', 'origin/feature/task-11-implementation')
    // Nowhere else any more: for this repository it is as good as never pushed.
    await bench.target.deleteBranch('feature/task-12-implementation')
    await using _ = await bench.arrive({ n: 2 })
    const left = (await bench.agentGit('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/feature')).split(
      '\n',
    )
    expect(left.toSorted()).toEqual(
      ['feature/other', BRANCH, ...['12', '14', '15'].map((id) => `feature/task-${id}-implementation`)].toSorted(),
    )
    expect(await bench.target.sha('feature/task-11-implementation')).toBeDefined()
  })
})
