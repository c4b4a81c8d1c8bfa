import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGitRemote } from '@orchestrator/testing'
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

describe('a repository in another state', () => {
  it('of another origin is a conflict that names both', async () => {
    await bench.attemptThatPushes()
    await using other = await createGitRemote({ files: { 'a.md': 'a\n' } })
    await using visit = await bench.visit({ n: 2, url: other.url })
    await expect(visit.workspace.preflight()).rejects.toMatchObject({
      code: 'WORKSPACE_CONFLICT',
      details: { found: bench.target.url, wanted: other.url },
    })
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(bench.target.url)
  })

  it('may name its origin in an equal form, and shows no token that somebody put there', async () => {
    await bench.attemptThatPushes()
    await bench.agentGit('remote', 'set-url', 'origin', `${bench.target.url.replace(/\.git$/, '')}/`)
    {
      await using visit = await bench.visit({ n: 2 })
      await visit.workspace.prepareTarget()
    }
    await bench.agentGit('remote', 'set-url', 'origin', 'https://user:t0ken@example.org/other.git')
    await using visit = await bench.visit({ n: 3 })
    const error: unknown = await visit.workspace.prepareTarget().catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('https://example.org/other.git')
    expect(String(error) + JSON.stringify(error)).not.toContain('t0ken')
  })

  it('that lies somewhere else is a conflict', async () => {
    await mkdir(join(bench.root, 'target-repo'), { recursive: true })
    await writeFile(join(bench.root, 'target-repo/.git'), 'gitdir: /elsewhere\n')
    await using visit = await bench.visit()
    await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    await rm(join(bench.root, 'target-repo'), { recursive: true })
    await symlink(bench.state, join(bench.root, 'target-repo'))
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(/symbolic link/)
  })

  it('without its .git is moved aside as it is', async () => {
    {
      await using _ = await bench.arrive()
      await bench.write('target-repo/kept.md', 'k\n')
      await rm(join(bench.root, 'target-repo/.git'), { recursive: true })
    }
    await using visit = await bench.visit({ n: 2 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/target-repo'])
    expect(await bench.read('tasks/master-1/attempt-1/target-repo/kept.md')).toBe('k\n')
    expect(await bench.agentGit('status', '--porcelain')).toBe('')
  })

  it('that is damaged is moved aside and cloned anew', async () => {
    const pushed = await bench.attemptThatPushes()
    {
      await using _ = await bench.arrive({ n: 2 })
      const sha = await bench.agentCommits('trader/lost.ts', 'l\n')
      await rm(join(bench.root, 'target-repo/.git/objects', sha.slice(0, 2), sha.slice(2)), { force: true })
    }
    await using visit = await bench.visit({ n: 3 })
    const state = await visit.workspace.prepareTarget()
    expect(state.startSha).toBe(pushed)
    expect(state.savedWork).toEqual(['tasks/master-1/attempt-2/target-repo'])
    expect(await bench.read('tasks/master-1/attempt-2/target-repo/trader/lost.ts')).toBe('l\n')
  })

  it('with locks of a git that was killed is used all the same', async () => {
    await bench.attemptThatPushes()
    for (const lock of ['index.lock', 'HEAD.lock', 'config.lock', `refs/heads/${BRANCH}.lock`])
      await bench.write(`target-repo/.git/${lock}`, '')
    await using visit = await bench.arrive({ n: 2 })
    await bench.agentCommits('trader/l.ts', 'l\n')
    await visit.workspace.push()
  })

  it('that was made shallow is filled up again', async () => {
    await bench.attemptThatPushes()
    await bench.agentGit('fetch', '--quiet', '--depth=1', 'origin', BRANCH)
    await rm(join(bench.pushDirectory), { recursive: true })
    await using visit = await bench.arrive({ n: 2 })
    expect(await bench.agentGit('rev-list', '--count', 'HEAD')).toBe('2')
    await bench.agentCommits('trader/s.ts', 's\n')
    await visit.workspace.push()
  })
})
