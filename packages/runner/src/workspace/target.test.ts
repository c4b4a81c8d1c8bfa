import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGitRemote } from '@orchestrator/testing'
import { type Bench, createBench, type Visit } from './workspace-fixture.ts'

const BRANCH = 'feature/task-1-implementation'

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

async function agentCommits(path: string, text: string): Promise<string> {
  await bench.write(`target-repo/${path}`, text)
  await bench.agentGit('add', '--all')
  await bench.agentGit('commit', '--quiet', '-m', `Change ${path}`)
  return await bench.agentGit('rev-parse', 'HEAD')
}

/** One attempt that commits and pushes. */
async function attemptThatPushes(n = 1, taskId = '1'): Promise<string> {
  await using visit = await bench.arrive({ n, taskId })
  await agentCommits(`trader/task${taskId}-${n}.ts`, `${n}\n`)
  return await visit.workspace.push()
}

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
    expect(visit.workspace.gitOperations.map(({ repository, operation, ok }) => `${repository} ${operation} ${ok}`)).toEqual([
      'platform lsRemote true',
      'target lsRemote true',
      'target push true',
      'target clone true',
      'target fetch true',
      'target checkout true',
    ])
    expect(visit.lines.filter((line) => line.kind === 'git')).toHaveLength(6)
  })

  it('pushes what the agent committed and what it left, and says what changed', async () => {
    await using visit = await bench.arrive()
    const first = await agentCommits('trader/a.ts', 'a\n')
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
    await agentCommits('trader/a.ts', 'a\n')
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

describe('the next attempt', () => {
  it('goes on from the branch that the last one pushed', async () => {
    const pushed = await attemptThatPushes()
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ branchIsNew: false, startSha: pushed, baseSha: await bench.target.sha('main') })
  })

  it('goes on from local commits that were never pushed', async () => {
    let local: string
    {
      await using visit = await bench.arrive()
      local = await agentCommits('trader/a.ts', 'a\n')
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
    await attemptThatPushes()
    const added = await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
    await using visit = await bench.arrive({ n: 2 })
    expect(await bench.agentGit('rev-parse', 'HEAD')).toBe(added)
    expect(visit.notes()).toContain('added at the remote')
    expect(visit.workspace.gitOperations.at(-1)).toMatchObject({ operation: 'merge', ok: true })
    const mine = await agentCommits('trader/more.ts', 'm\n')
    expect(await visit.workspace.push()).toBe(mine)
  })

  it('reports it when both sides have commits of their own, and touches nothing', async () => {
    await attemptThatPushes()
    let local: string
    {
      await using _visit = await bench.arrive({ n: 2 })
      local = await agentCommits('trader/unpushed.ts', 'u\n')
    }
    const remote = await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
    await using visit = await bench.visit({ n: 3 })
    const failed = visit.workspace.prepareTarget()
    await expect(failed).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT', details: { local, remote } })
    await expect(failed).rejects.toThrow(/both the workspace and the remote/)
    expect(await bench.agentGit('rev-parse', BRANCH)).toBe(local)
    const person = await bench.target.clone()
    await bench.target.git(['fetch', '--quiet', join(visit.tenancy.attemptDirectory, 'branch.bundle'), `refs/heads/${BRANCH}:saved`], person)
    expect(await bench.target.git(['rev-parse', 'saved'], person)).toBe(`${local}\n`)
  })

  it('goes on once a person has merged both sides', async () => {
    await attemptThatPushes()
    {
      await using _visit = await bench.arrive({ n: 2 })
      await agentCommits('trader/unpushed.ts', 'u\n')
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
    const pushed = await attemptThatPushes()
    await bench.target.deleteBranch(BRANCH)
    await using visit = await bench.visit({ n: 2 })
    expect((await visit.workspace.prepareTarget()).startSha).toBe(pushed)
    expect(visit.notes()).toContain('deleted at the remote')
    expect(await visit.workspace.push()).toBe(pushed)
    expect(await bench.target.sha(BRANCH)).toBe(pushed)
  })

  it('reports a branch that a person rewrote or set back', async () => {
    const pushed = await attemptThatPushes()
    const rewritten = await bench.target.commit({ branch: BRANCH, files: { 'trader/other.ts': 'o\n' }, force: true })
    {
      await using visit = await bench.visit({ n: 2 })
      await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT', details: { local: pushed, remote: rewritten } })
    }
    await bench.target.git(['update-ref', `refs/heads/${BRANCH}`, (await bench.target.sha('main')) ?? ''])
    await using visit = await bench.visit({ n: 3 })
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(/set back at the remote/)
    expect(await bench.agentGit('rev-parse', BRANCH)).toBe(pushed)
  })

  it('bears a base that was rewritten: the branch stays, a new task starts from the new base', async () => {
    const pushed = await attemptThatPushes()
    const base = await bench.target.commit({ files: { 'new.md': 'n\n' }, force: true })
    {
      await using visit = await bench.visit({ n: 2 })
      expect(await visit.workspace.prepareTarget()).toMatchObject({ startSha: pushed })
    }
    await using visit = await bench.visit({ taskId: '2' })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ startSha: base, baseSha: base, branchIsNew: true })
  })

  it('bears a base without any common history', async () => {
    const pushed = await attemptThatPushes()
    const person = await bench.target.clone()
    await bench.target.git(['checkout', '--quiet', '--orphan', 'fresh'], person)
    await bench.target.git(['commit', '--quiet', '-m', 'All new'], person)
    await bench.target.git(['push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main'], person)
    await using visit = await bench.visit({ n: 2 })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ startSha: pushed, baseSha: await bench.target.sha('main') })
    expect((await visit.workspace.changes()).headSha).toBe(pushed)
  })

  it('stands on its own task again after others: 1, 1, 2, 1', async () => {
    await attemptThatPushes(1)
    const second = await attemptThatPushes(2)
    const other = await attemptThatPushes(1, '2')
    await using visit = await bench.arrive({ n: 3 })
    expect(await bench.agentGit('rev-parse', 'HEAD')).toBe(second)
    expect(existsSync(join(bench.root, 'target-repo/trader/task2-1.ts'))).toBe(false)
    const third = await agentCommits('trader/third.ts', '3\n')
    await visit.workspace.push()
    expect(await bench.target.sha(BRANCH)).toBe(third)
    expect(await bench.target.sha('feature/task-2-implementation')).toBe(other)
  })
})

describe('work that was left uncommitted', () => {
  it('is saved to the attempt that left it, before the tree is cleaned', async () => {
    {
      await using _visit = await bench.arrive()
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
    expect(await bench.agentGit('status', '--porcelain')).toBe('M  README.md\nD  trader/index.ts\nA  trader/staged.ts'.trim())
    expect(await bench.read('target-repo/trader/staged.ts')).toBe('staged and changed\n')
  })

  it('of another task goes to that task, and one save never replaces another', async () => {
    {
      await using _visit = await bench.arrive()
      await bench.write('target-repo/one.md', '1\n')
    }
    {
      await using _visit = await bench.visit({ taskId: '2' })
      expect((await _visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/saved'])
      await bench.write('target-repo/two.md', '2\n')
    }
    await using visit = await bench.visit({ taskId: '2', n: 2 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/saved-2'])
    expect(await bench.read('tasks/master-1/attempt-1/saved/files/one.md')).toBe('1\n')
    expect(await bench.read('tasks/master-1/attempt-1/saved-2/files/two.md')).toBe('2\n')
  })

  it('is saved with the state of a merge that was not finished', async () => {
    await attemptThatPushes()
    {
      await using _visit = await bench.arrive({ n: 2 })
      await bench.agentGit('checkout', '--quiet', '-b', 'side', 'HEAD~1')
      await agentCommits('trader/task1-1.ts', 'other\n')
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
    await attemptThatPushes()
    {
      await using _visit = await bench.arrive({ n: 2 })
      await agentCommits('trader/x.ts', 'x\n')
      await bench.agentGit('checkout', '--quiet', '-b', 'side', 'HEAD~1')
      await agentCommits('trader/x.ts', 'other\n')
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
      await using _visit = await bench.arrive()
      await bench.agentGit('checkout', '--quiet', '--detach')
      stray = await agentCommits('trader/stray.ts', 's\n')
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
      await using _visit = await bench.arrive()
      await bench.write('target-repo/README.md', 'hidden\n')
      await bench.agentGit('update-index', '--assume-unchanged', 'README.md')
      await bench.write('target-repo/trader/index.ts', 'skipped\n')
      await bench.agentGit('update-index', '--skip-worktree', 'trader/index.ts')
    }
    {
      await using _visit = await bench.arrive({ n: 2 })
      const diff = await bench.read('tasks/master-1/attempt-1/saved/changes.diff')
      expect(diff).toContain('+hidden')
      expect(diff).toContain('+skipped')
      expect(await bench.read('target-repo/README.md')).toBe('hello\n')
      await bench.write('target-repo/README.md', 'again\n')
      await bench.write('target-repo/.git/index', 'broken')
    }
    await using _visit = await bench.arrive({ n: 3 })
    expect(await bench.read('tasks/master-1/attempt-2/saved/changes.diff')).toContain('+again')
  })

  it('includes repositories within the repository', async () => {
    {
      await using _visit = await bench.arrive()
      await bench.agentGit('init', '--quiet', 'vendored')
      await bench.write('target-repo/vendored/file.md', 'v\n')
    }
    await using _visit = await bench.arrive({ n: 2 })
    expect(await bench.read('tasks/master-1/attempt-1/saved/files/vendored/file.md')).toBe('v\n')
    expect(existsSync(join(bench.root, 'target-repo/vendored'))).toBe(false)
  })
})

describe('a repository in another state', () => {
  it('of another origin is a conflict that names both', async () => {
    await attemptThatPushes()
    await using other = await createGitRemote({ files: { 'a.md': 'a\n' } })
    await using visit = await bench.visit({ n: 2, url: other.url })
    await expect(visit.workspace.preflight()).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT', details: { found: bench.target.url, wanted: other.url } })
    await expect(visit.workspace.prepareTarget()).rejects.toThrow(bench.target.url)
  })

  it('may name its origin in an equal form, and shows no token that somebody put there', async () => {
    await attemptThatPushes()
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
      await using _visit = await bench.arrive()
      await bench.write('target-repo/kept.md', 'k\n')
      await rm(join(bench.root, 'target-repo/.git'), { recursive: true })
    }
    await using visit = await bench.visit({ n: 2 })
    expect((await visit.workspace.prepareTarget()).savedWork).toEqual(['tasks/master-1/attempt-1/target-repo'])
    expect(await bench.read('tasks/master-1/attempt-1/target-repo/kept.md')).toBe('k\n')
    expect(await bench.agentGit('status', '--porcelain')).toBe('')
  })

  it('that is damaged is moved aside and cloned anew', async () => {
    const pushed = await attemptThatPushes()
    {
      await using _visit = await bench.arrive({ n: 2 })
      const sha = await agentCommits('trader/lost.ts', 'l\n')
      await rm(join(bench.root, 'target-repo/.git/objects', sha.slice(0, 2), sha.slice(2)), { force: true })
    }
    await using visit = await bench.visit({ n: 3 })
    const state = await visit.workspace.prepareTarget()
    expect(state.startSha).toBe(pushed)
    expect(state.savedWork).toEqual(['tasks/master-1/attempt-2/target-repo'])
    expect(await bench.read('tasks/master-1/attempt-2/target-repo/trader/lost.ts')).toBe('l\n')
  })

  it('with locks of a git that was killed is used all the same', async () => {
    await attemptThatPushes()
    for (const lock of ['index.lock', 'HEAD.lock', 'config.lock', `refs/heads/${BRANCH}.lock`]) await bench.write(`target-repo/.git/${lock}`, '')
    await using visit = await bench.arrive({ n: 2 })
    await agentCommits('trader/l.ts', 'l\n')
    await visit.workspace.push()
  })

  it('that was made shallow is filled up again', async () => {
    await attemptThatPushes()
    await bench.agentGit('fetch', '--quiet', '--depth=1', 'origin', BRANCH)
    await rm(join(bench.pushDirectory), { recursive: true })
    await using visit = await bench.arrive({ n: 2 })
    expect(await bench.agentGit('rev-list', '--count', 'HEAD')).toBe('2')
    await agentCommits('trader/s.ts', 's\n')
    await visit.workspace.push()
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
    expect(await prepare(1, 'inner/new')).toMatchObject({ workingDirectory: join(bench.root, 'target-repo/trader/new') })
    await expect(prepare(2, 'outer/new')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    await expect(prepare(3, 'own-git')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    await expect(prepare(4, 'README.md')).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    expect(existsSync(join(bench.state, 'new'))).toBe(false)
  })
})

describe('old branches', () => {
  it('are pruned to the last three, never an unpushed or the current one', async () => {
    await attemptThatPushes()
    const ids = ['11', '12', '13', '14', '15']
    for (const [day, id] of ids.entries()) {
      await bench.target.commit({ branch: `feature/task-${id}-implementation`, files: { 'f.md': id }, date: `2026-01-0${day + 1}T00:00:00Z` })
    }
    await bench.agentGit('fetch', '--quiet', 'origin')
    for (const id of ids) await bench.agentGit('branch', '--quiet', `feature/task-${id}-implementation`, `origin/feature/task-${id}-implementation`)
    await bench.agentGit('branch', '--quiet', 'feature/other', 'origin/feature/task-11-implementation')
    // Nowhere else any more: for this repository it is as good as never pushed.
    await bench.target.deleteBranch('feature/task-12-implementation')
    await using _visit = await bench.arrive({ n: 2 })
    const left = (await bench.agentGit('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/feature')).split('\n')
    expect(left.toSorted()).toEqual(['feature/other', BRANCH, ...['12', '14', '15'].map((id) => `feature/task-${id}-implementation`)].toSorted())
    expect(await bench.target.sha('feature/task-11-implementation')).toBeDefined()
  })
})

describe('workspaces beside each other', () => {
  it('of two services in one repository never touch each other, nor do two tags in one workspace', async () => {
    const visits: Visit[] = []
    const choices = [{ service: 'trader' }, { service: 'risk', branch: 'feature/risk-master-task-1-implementation-abcde', workingDirectory: 'risk' }]
    for (const choice of choices) visits.push(await bench.visit(choice))
    await Promise.all(visits.map(async ({ workspace }) => await workspace.prepareTarget()))
    for (const { attempt } of visits) await writeFile(join(attempt.workspaceDirectory, 'target-repo', attempt.spec.workingDirectory, `${attempt.spec.service}.ts`), 'x\n')
    await Promise.all(visits.map(async ({ workspace }) => await workspace.commitLeftovers('Done')))
    await Promise.all(visits.map(async ({ workspace }) => await workspace.push()))
    for (const visit of visits) {
      expect((await visit.workspace.changes()).files).toEqual([`${visit.attempt.spec.workingDirectory}/${visit.attempt.spec.service}.ts`])
      await visit[Symbol.asyncDispose]()
    }
    await using visit = await bench.visit({ tag: 'next', branch: 'feature/trader-next-task-1-implementation-fghij' })
    expect(await visit.workspace.prepareTarget()).toMatchObject({ branchIsNew: true, startSha: await bench.target.sha('main') })
    expect(visit.tenancy.attemptDirectory).toBe(join(bench.root, 'tasks/next-1/attempt-1'))
  })
})
