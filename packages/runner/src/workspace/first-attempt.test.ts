import { existsSync } from 'node:fs'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGitRemote } from '@orchestrator/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, createBench, type Visit } from './workspace-fixture.ts'

const BRANCH = 'feature/task-1-implementation'

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

describe('a first attempt', () => {
  it('stands on a fresh branch from the base, in its working directory', async () => {
    await using visit = await bench.visit({ workingDirectory: 'services/new' })
    await visit.workspace.preflight()
    const state = await visit.workspace.prepareTarget()
    const base = await bench.target.sha('main')
    expect(state).toMatchObject({ branchIsNew: true, baseSha: base, startSha: base, savedWork: [] })
    expect(state.workingDirectory).toBe(join(bench.root, 'target-repo/services/new'))
    expect(existsSync(state.workingDirectory)).toBe(true)
    expect(await bench.agentGit('symbolic-ref', 'HEAD')).toBe(`refs/heads/${BRANCH}`)
    expect(await bench.agentGit('status', '--porcelain')).toBe('')
    expect(await bench.agentGit('config', 'remote.origin.url')).toBe(bench.target.url)
    expect(
      visit.workspace.gitOperations.map(({ repository, operation, ok }) => `${repository} ${operation} ${ok}`),
    ).toEqual([
      'platform lsRemote true',
      'target lsRemote true',
      'target lsRemote true',
      'target clone true',
      'target fetch true',
      'target checkout true',
    ])
    expect(visit.lines.filter((line) => line.kind === 'git')).toHaveLength(6)
  })

  it('pushes what the agent committed and what it left, and says what changed', async () => {
    await using visit = await bench.arrive()
    const first = await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.write('target-repo/trader/b.ts', 'b\n')
    await bench.write('target-repo/ignored/c.ts', 'c\n')
    expect(await visit.workspace.commitLeftovers('What was left')).toBe(true)
    expect(await visit.workspace.commitLeftovers('Again')).toBe(false)
    const pushed = await visit.workspace.push()
    expect(await bench.target.sha(BRANCH)).toBe(pushed)
    const changes = await visit.workspace.changes()
    expect(changes).toMatchObject({
      headSha: pushed,
      diffStat: { files: 2, insertions: 2, deletions: 0 },
      files: ['trader/a.ts', 'trader/b.ts'],
      flags: [],
      commits: [
        { sha: pushed, author: 'claude-agent-1 <claude-agent-1@users.noreply.github.com>', subject: 'What was left' },
        { sha: first, author: 'claude-agent-1 <claude-agent-1@users.noreply.github.com>' },
      ],
    })
    expect(await visit.workspace.push()).toBe(pushed)
  })

  it('of no change shows none', async () => {
    await using visit = await bench.arrive()
    expect(await visit.workspace.changes()).toMatchObject({ commits: [], files: [], diffStat: { files: 0 } })
  })

  it('gets a clean checkout of what it pushed, with no way back to the clone', async () => {
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    const sha = await visit.workspace.push()
    await bench.write('target-repo/trader/dirt.ts', 'dirt\n')
    let directory: string
    {
      await using checkout = await visit.workspace.checkout(sha)
      directory = checkout.directory
      expect(directory.startsWith(bench.root)).toBe(false)
      expect((await readdir(join(directory, 'trader'))).toSorted()).toEqual(['a.ts', 'index.ts'])
      expect(await bench.target.git(['rev-parse', 'HEAD'], directory)).toBe(`${sha}\n`)
      expect(await bench.target.git(['status', '--porcelain'], directory)).toBe('')
      expect(await readFile(join(directory, '.git/config'), 'utf8')).not.toContain(bench.pushDirectory)
    }
    expect(existsSync(directory)).toBe(false)
  })
})

describe('a remote that does not fit', () => {
  it('says which branches there are when the base is missing', async () => {
    await using visit = await bench.visit({ baseBranch: 'develop' })
    await expect(visit.workspace.preflight()).rejects.toThrow(/has no branch "develop"; it has main/)
    await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' })
  })

  it('says that it is empty', async () => {
    await using empty = await createGitRemote()
    await using visit = await bench.visit({ url: empty.url })
    await expect(visit.workspace.preflight()).rejects.toThrow(/is empty: it needs a first commit/)
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(/is empty: it needs a first commit/)
  })

  it('says that it is not there', async () => {
    await using visit = await bench.visit({ url: 'file:///nowhere/at/all.git' })
    await expect(visit.workspace.preflight()).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' })
  })
})

describe('the working directory', () => {
  it('may be reached by a link inside the repository, not by one that leads out', async () => {
    const person = await bench.target.clone()
    await symlink('trader', join(person, 'inner'))
    await symlink(bench.state, join(person, 'outer'))
    await symlink('.git', join(person, 'own-git'))
    await bench.target.git(['add', '--all'], person)
    await bench.target.git(['commit', '--quiet', '-m', 'Links'], person)
    await bench.target.git(['push', '--quiet', 'origin', 'HEAD:main'], person)
    const prepare = async (n: number, workingDirectory: string): Promise<unknown> => {
      await using visit = await bench.visit({ n, workingDirectory })
      return await visit.workspace.prepareTarget()
    }
    expect(await prepare(1, 'inner/new')).toMatchObject({
      workingDirectory: join(bench.root, 'target-repo/trader/new'),
    })
    await expect(prepare(2, 'outer/new')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    await expect(prepare(3, 'own-git')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    await expect(prepare(4, 'README.md')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    expect(existsSync(join(bench.state, 'new'))).toBe(false)
  })
})

describe('workspaces beside each other', () => {
  it('of two services in one repository never touch each other, nor do two tags in one workspace', async () => {
    const visits: Visit[] = []
    const choices = [
      { service: 'trader' },
      { service: 'risk', branch: 'feature/risk-master-task-1-implementation-abcde', workingDirectory: 'risk' },
    ]
    for (const choice of choices) visits.push(await bench.visit(choice))
    await Promise.all(visits.map(async ({ workspace }) => await workspace.prepareTarget()))
    for (const { attempt } of visits)
      await writeFile(
        join(attempt.workspaceDirectory, 'target-repo', attempt.spec.workingDirectory, `${attempt.spec.service}.ts`),
        'x\n',
      )
    await Promise.all(visits.map(async ({ workspace }) => await workspace.commitLeftovers('Done')))
    await Promise.all(visits.map(async ({ workspace }) => await workspace.push()))
    for (const visit of visits) {
      expect((await visit.workspace.changes()).files).toEqual([
        `${visit.attempt.spec.workingDirectory}/${visit.attempt.spec.service}.ts`,
      ])
      await visit[Symbol.asyncDispose]()
    }
    await using visit = await bench.visit({ tag: 'next', branch: 'feature/trader-next-task-1-implementation-fghij' })
    expect(await visit.workspace.prepareTarget()).toMatchObject({
      branchIsNew: true,
      startSha: await bench.target.sha('main'),
    })
    expect(visit.tenancy.attemptDirectory).toBe(join(bench.root, 'tasks/next-1/attempt-1'))
  })
})
