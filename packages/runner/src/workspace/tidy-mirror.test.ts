import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDirectory } from '@orchestrator/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { layoutOf } from './layout.ts'
import { type Bench, createBench } from './workspace-fixture.ts'

const execute = promisify(execFile)

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const mirrorOf = (): string => layoutOf(bench.attempt(), bench.pushDirectory).mirror

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

const agentRefs = async (): Promise<readonly string[]> =>
  (await filesIn(join(mirrorOf(), 'refs/agent'))).map((file) => file.split('refs/agent/feature/')[1] ?? '')

describe('the runner’s own clone', () => {
  it('gets no larger by attempts that change nothing, each of another task', async () => {
    const attemptThatDoesNothing = async (taskId: string): Promise<void> => {
      await using visit = await bench.visit({ taskId })
      await visit.workspace.preflight()
      await visit.workspace.prepareTarget()
      await visit.workspace.push()
      await bench.target.deleteBranch(`feature/task-${taskId}-implementation`)
    }
    await attemptThatDoesNothing('1')
    await attemptThatDoesNothing('2')
    const before = await filesIn(join(mirrorOf(), 'objects'))
    await attemptThatDoesNothing('3')
    await attemptThatDoesNothing('4')
    expect(await filesIn(join(mirrorOf(), 'objects'))).toEqual(before)
    expect(await agentRefs()).toEqual(['task-4-implementation'])
  })

  it('keeps a name for what an agent committed and could not push', async () => {
    {
      await using visit = await bench.arrive()
      await bench.agentCommits('trader/a.ts', 'a\n')
      await bench.target.commit({ branch: 'feature/task-1-implementation', files: { 'trader/p.ts': 'p\n' } })
      await expect(visit.workspace.push()).rejects.toMatchObject({ code: 'GIT_REJECTED' })
    }
    await bench.attemptThatPushes(1, '2')
    expect((await agentRefs()).toSorted()).toEqual(['task-1-implementation', 'task-2-implementation'])
  })

  it('is packed once it has thousands of small files, and nothing is missing then', async () => {
    await bench.attemptThatPushes()
    const tree = await looseTreeOf(4000)
    await bench.attemptThatPushes(2)
    expect((await filesIn(join(mirrorOf(), 'objects'))).length).toBeLessThan(50)
    expect(await inMirror(['ls-tree', '--name-only', tree])).toContain('file-3999')
  })
})

/** Of as many files in the runner's own clone, each a file of its own there too. */
async function looseTreeOf(files: number): Promise<string> {
  await using folder = await temporaryDirectory()
  const paths = Array.from({ length: files }, (_, i) => join(folder.path, `file-${i}`))
  // Git counts those of one folder of 256, so which these are must not be left to chance.
  for (const path of paths) writeFileSync(path, basename(path))
  const blobs = (await inMirror(['hash-object', '-w', '--stdin-paths'], paths.join('\n'))).split('\n')
  const entries = paths.map((path, i) => `100644 blob ${blobs[i]}\t${basename(path)}\n`)
  const tree = await inMirror(['mktree'], entries.join(''))
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com']
  await inMirror(['update-ref', 'refs/seen/large', await inMirror([...author, 'commit-tree', '-m', 'Large', tree])])
  return tree
}

async function inMirror(args: readonly string[], input = ''): Promise<string> {
  const git = execute('git', ['--git-dir=.', ...args], { cwd: mirrorOf(), maxBuffer: 2 ** 24 })
  git.child.stdin?.end(input)
  return (await git).stdout.trim()
}
