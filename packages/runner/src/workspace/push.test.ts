import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RetryableError } from '@orchestrator/shared/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { layoutOf } from './layout.ts'
import { type Bench, createBench } from './workspace-fixture.ts'

const BRANCH = 'feature/task-1-implementation'

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

describe('push', () => {
  it('is rejected, naming both shas, when somebody pushed meanwhile; their commit stays', async () => {
    await using visit = await bench.arrive()
    const mine = await bench.agentCommits('trader/a.ts', 'a\n')
    const theirs = await bench.target.commit({ branch: BRANCH, files: { 'trader/p.ts': 'p\n' } })
    const failed = visit.workspace.push()
    await expect(failed).rejects.toMatchObject({
      code: 'GIT_REJECTED',
      details: { sha: mine, expected: null, found: theirs },
    })
    await expect(failed).rejects.toThrow(/was changed at the remote meanwhile/)
    expect(await bench.target.sha(BRANCH)).toBe(theirs)
    expect(visit.workspace.gitOperations.at(-1)).toMatchObject({ operation: 'push', ok: false })
  })

  it('is rejected, naming the reason, when the remote has a rule against it', async () => {
    await writeFile(join(bench.target.path, 'hooks/pre-receive'), '#!/bin/sh\necho "no secrets allowed" >&2\nexit 1\n')
    await chmod(join(bench.target.path, 'hooks/pre-receive'), 0o755)
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    await expect(visit.workspace.push()).rejects.toThrow(/pre-receive hook declined/)
  })

  it('of a rewritten branch replaces what was pushed before, says so and keeps it findable', async () => {
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    const first = await visit.workspace.push()
    await bench.agentGit('commit', '--quiet', '--amend', '-m', 'Better words')
    const after = await visit.workspace.push()
    expect(after).not.toBe(first)
    expect(await bench.target.sha(BRANCH)).toBe(after)
    expect(visit.notes()).toContain(first)
  })

  it('counts as done when only its answer was lost', async () => {
    let isFirst = true
    await using visit = await bench.arrive(
      {},
      {
        through: (git) => ({
          run: async (run) => {
            const output = await git.run(run)
            if (!isFirst || !run.args.includes('push')) return output
            isFirst = false
            throw new RetryableError('GIT_UNAVAILABLE', 'the line went dead')
          },
        }),
      },
    )
    const sha = await bench.agentCommits('trader/a.ts', 'a\n')
    expect(await visit.workspace.push()).toBe(sha)
    expect(visit.workspace.gitOperations.filter(({ operation }) => operation === 'push').map(({ ok }) => ok)).toEqual([
      false,
      true,
    ])
  })

  it('works when the runner has lost its own clone', async () => {
    {
      await using visit = await bench.arrive()
      await bench.agentCommits('trader/a.ts', 'a\n')
      await visit.workspace.push()
    }
    await rm(bench.pushDirectory, { recursive: true })
    await using visit = await bench.arrive({ n: 2 })
    const sha = await bench.agentCommits('trader/b.ts', 'b\n')
    expect(await visit.workspace.push()).toBe(sha)
  })

  it('works when the agent cut the history short, and does not cut it elsewhere', async () => {
    await using visit = await bench.arrive()
    await bench.agentGit('fetch', '--quiet', '--depth=1', 'origin', 'main')
    const sha = await bench.agentCommits('trader/a.ts', 'a\n')
    expect((await visit.workspace.changes()).files).toEqual(['trader/a.ts'])
    expect(await visit.workspace.push()).toBe(sha)
    expect(await bench.target.git(['rev-list', '--count', BRANCH])).toBe('2\n')
  })

  it('is not begun with an object that git itself calls broken', async () => {
    await using visit = await bench.arrive()
    const tree = await bench.agentGit('rev-parse', 'HEAD^{tree}')
    await bench.write(
      'target-repo/broken',
      `tree ${tree}\nauthor x <x> nonsense\ncommitter x <x@y> 1 +0000\n\nbroken\n`,
    )
    const sha = await bench.agentGit('hash-object', '-t', 'commit', '-w', '--literally', 'broken')
    await bench.agentGit('update-ref', `refs/heads/${BRANCH}`, sha)
    await expect(visit.workspace.push()).rejects.toMatchObject({ code: 'GIT_FAILED' })
    expect(await bench.target.sha(BRANCH)).toBeUndefined()
  })

  it('makes its own clone anew when that is damaged', async () => {
    {
      await using _ = await bench.arrive()
    }
    const { mirror } = layoutOf(bench.attempt(), bench.pushDirectory)
    await writeFile(join(mirror, 'packed-refs'), 'nonsense\n')
    await rm(join(mirror, 'objects'), { recursive: true })
    await using visit = await bench.arrive({ n: 2 })
    expect(visit.notes()).toContain('made anew')
    const sha = await bench.agentCommits('trader/b.ts', 'b\n')
    expect(await visit.workspace.push()).toBe(sha)
  })

  it.each([
    ['has no objects', ['objects']],
    ['has nothing but a name', ['objects', 'refs', 'HEAD', 'config']],
    ['has no branches', ['refs']],
  ])('is tried beforehand even where its own clone was cut while it was made and %s', async (_what, missing) => {
    {
      await using visit = await bench.visit()
      await visit.workspace.preflight()
    }
    const { mirror } = layoutOf(bench.attempt(), bench.pushDirectory)
    for (const name of missing) await rm(join(mirror, name), { recursive: true })
    await using visit = await bench.visit({ n: 2 })
    await visit.workspace.preflight()
    expect(visit.workspace.gitOperations.at(-1)).toMatchObject({
      repository: 'target',
      operation: 'lsRemote',
      ok: true,
    })
  })

  it('and commit are refused once a later attempt has the workspace', async () => {
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.write('target-repo/trader/b.ts', 'b\n')
    await writeFile(join(bench.root, 'tasks/epoch'), JSON.stringify({ generation: 1, sequence: 999 }))
    await expect(visit.workspace.commitLeftovers('Left')).rejects.toMatchObject({ code: 'FENCED' })
    await expect(visit.workspace.push()).rejects.toMatchObject({ code: 'FENCED' })
    await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'FENCED' })
    expect(await bench.target.sha(BRANCH)).toBeUndefined()
  })
})

describe('what the agent checked out', () => {
  it('is taken over by the branch of the attempt where it follows on from it', async () => {
    await using visit = await bench.arrive()
    await bench.agentGit('checkout', '--quiet', '-b', 'my-own')
    const sha = await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.write('target-repo/trader/b.ts', 'b\n')
    expect(await visit.workspace.commitLeftovers('Left')).toBe(true)
    expect(visit.notes()).toContain('my-own')
    expect(await visit.workspace.push()).toBe(await bench.agentGit('rev-parse', BRANCH))
    expect(await bench.agentGit('rev-parse', `${BRANCH}~1`)).toBe(sha)
  })

  it('is taken over from a detached head and after the branch was renamed', async () => {
    await using visit = await bench.arrive()
    await bench.agentGit('checkout', '--quiet', '--detach')
    const detached = await bench.agentCommits('trader/a.ts', 'a\n')
    expect(await visit.workspace.push()).toBe(detached)
    await bench.agentGit('branch', '-m', 'renamed')
    const renamed = await bench.agentCommits('trader/b.ts', 'b\n')
    expect(await visit.workspace.push()).toBe(renamed)
  })

  it('is left alone where it is something else', async () => {
    await using visit = await bench.arrive()
    const own = await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.agentGit('checkout', '--quiet', 'origin/main')
    await bench.write('target-repo/trader/b.ts', 'b\n')
    expect(await visit.workspace.commitLeftovers('Left')).toBe(false)
    expect(visit.notes()).toContain('does not follow on')
    expect(await visit.workspace.push()).toBe(own)
  })

  it('with unfinished conflicts is not committed', async () => {
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.agentGit('checkout', '--quiet', '-b', 'side', 'HEAD~1')
    await bench.agentCommits('trader/a.ts', 'other\n')
    await bench.agentGit('checkout', '--quiet', BRANCH)
    await expect(bench.agentGit('merge', 'side')).rejects.toThrow()
    expect(await visit.workspace.commitLeftovers('Left')).toBe(false)
    expect(visit.notes()).toContain('merge with conflicts')
    await bench.write('target-repo/trader/a.ts', 'both\n')
    await bench.agentGit('add', 'trader/a.ts')
    expect(await visit.workspace.commitLeftovers('Merged')).toBe(true)
    expect((await bench.agentGit('log', '-1', '--format=%P')).split(' ')).toHaveLength(2)
  })

  it('has repositories within it left out, and says so', async () => {
    await using visit = await bench.arrive()
    await bench.agentGit('init', '--quiet', 'vendored')
    await bench.write('target-repo/vendored/x.md', 'x\n')
    await bench.write('target-repo/trader/b.ts', 'b\n')
    expect(await visit.workspace.commitLeftovers('Left')).toBe(true)
    expect(visit.notes()).toContain('vendored/')
    await visit.workspace.push()
    expect((await visit.workspace.changes()).files).toEqual(['trader/b.ts'])
    expect(await visit.workspace.commitLeftovers('Again')).toBe(false)
  })

  it('commits deletions, renames, modes, links and odd names', async () => {
    await using visit = await bench.arrive()
    await rm(join(bench.root, 'target-repo/trader/index.ts'))
    await bench.write('target-repo/trader/index.ts/now-a-folder.ts', 'x\n')
    await bench.write('target-repo/-n odd "name"\n.md', 'x\n')
    await chmod(join(bench.root, 'target-repo/README.md'), 0o755)
    expect(await visit.workspace.commitLeftovers('# a heading\n\n-F is text here')).toBe(true)
    const sha = await visit.workspace.push()
    expect((await visit.workspace.changes()).files.toSorted()).toEqual([
      '-n odd "name"\n.md',
      'README.md',
      'trader/index.ts',
      'trader/index.ts/now-a-folder.ts',
    ])
    expect(await bench.target.git(['log', '-1', '--format=%an <%ae>', sha])).toBe(
      'claude-agent-1 <claude-agent-1@users.noreply.github.com>\n',
    )
  })
})

describe('changes', () => {
  it('flag tests that were switched off or deleted, and files out of scope', async () => {
    await bench.target.commit({ files: { 'trader/a.test.ts': "it('works', () => {})\n" } })
    await using visit = await bench.arrive()
    await rm(join(bench.root, 'target-repo/trader/a.test.ts'))
    await bench.write('target-repo/trader/b.test.ts', "it.skip('works', () => {})\n")
    await bench.write('target-repo/other/c.ts', 'c\n')
    await bench.write('target-repo/README.md', 'r\n')
    await visit.workspace.commitLeftovers('All')
    expect((await visit.workspace.changes()).flags).toEqual([
      { kind: 'TestsDisabled', detail: "trader/b.test.ts: it.skip('works', () => {})" },
      { kind: 'TestsDisabled', detail: 'trader/a.test.ts was deleted' },
      { kind: 'OutOfScope', detail: '1 files outside trader: other/c.ts' },
    ])
    expect(await readFile(join(visit.tenancy.attemptDirectory, 'changes.diff'), 'utf8')).toContain('+it.skip')
  })

  it('are counted from where the branch parts from its base, also after the base was merged in', async () => {
    await using visit = await bench.arrive()
    await bench.agentCommits('trader/a.ts', 'a\n')
    await bench.target.commit({ files: { 'elsewhere.md': 'e\n' } })
    await visit.workspace.prepareTarget()
    await bench.agentGit('merge', '--quiet', '-m', 'Base', 'origin/main')
    expect(await visit.workspace.changes()).toMatchObject({ files: ['trader/a.ts'] })
  })
})
