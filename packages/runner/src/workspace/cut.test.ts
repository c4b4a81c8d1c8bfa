/** The runner may be ended anywhere: the next attempt goes on, and nothing that was done is lost. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_TOOLS } from '../tools/tool-plan.ts'
import { type Bench, createBench, type Visit } from './workspace-fixture.ts'

const execute = promisify(execFile)
const BRANCH = 'feature/task-1-implementation'
/** Git is called this often from beginning to end of an attempt; every fifth call is cut. */
const STEP = 5

let bench: Bench
let personsSha: string
/** What is there when the attempt that gets cut arrives: an earlier one pushed, left dirt, and a person pushed after it. */
beforeAll(async () => {
  bench = await createBench()
  {
    await using visit = await bench.arrive()
    await bench.write('target-repo/trader/done.ts', 'done\n')
    await visit.workspace.commitLeftovers('Done')
    await visit.workspace.push()
    await bench.write('target-repo/README.md', 'left changed\n')
    await bench.write('target-repo/trader/left.ts', 'left untracked\n')
    await bench.agentGit('checkout', '--quiet', '--detach')
  }
  personsSha = await bench.target.commit({ branch: BRANCH, files: { 'trader/person.ts': 'p\n' } })
  await snapshot('save')
})
afterAll(async () => {
  await bench[Symbol.asyncDispose]()
})

async function snapshot(what: 'save' | 'restore'): Promise<void> {
  const kept = join(bench.state, 'kept')
  const parts = [
    [bench.root, 'root'],
    [bench.pushDirectory, 'push'],
    [bench.target.path, 'remote'],
  ] as const
  for (const [place, name] of parts) {
    const [from, to] = what === 'save' ? [place, join(kept, name)] : [join(kept, name), place]
    await rm(to, { recursive: true, force: true })
    await mkdir(join(to, '..'), { recursive: true })
    await execute('cp', ['-a', from, to])
  }
}

async function wholeAttempt(visit: Visit): Promise<void> {
  const { workspace } = visit
  await workspace.preflight()
  await workspace.prepareDocuments()
  await workspace.prepareTarget()
  await workspace.layFiles({
    sourceDirectory: join(bench.state, 'rendered'),
    knowledge: { tools: NO_TOOLS, languages: [] },
  })
  await bench.write('target-repo/trader/second.ts', 'second\n')
  await workspace.commitLeftovers('Second')
  await workspace.push()
  await workspace.changes()
}

/** Ends everything while, or just before, the `at`th call of git runs. */
async function cutAt(at: number, n: number): Promise<boolean> {
  const controller = new AbortController()
  let calls = 0
  const through = (git: Git): Git => ({
    run: async (run) => {
      calls += 1
      if (calls !== at) return await git.run(run)
      const running = git.run(run)
      if (at % 2 === 0)
        await Promise.race([running.catch(() => undefined), systemClock.sleep(2, AbortSignal.timeout(1000))])
      controller.abort(new Error('cut'))
      return await running
    },
  })
  await using visit = await bench.visit({ n }, { signal: controller.signal, through })
  await wholeAttempt(visit).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  return controller.signal.aborted
}

/** Without the lock: reading it here would give it up. */
async function allTextsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = entries
    .filter((entry) => entry.isFile() && entry.name !== 'lock')
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'))
  return (await Promise.all(texts)).join('\n')
}

describe('an attempt that is cut', () => {
  it('anywhere leaves a workspace in which the next one works and finds everything', { timeout: 300_000 }, async () => {
    let cuts = 0
    for (let at = 1; ; at += STEP) {
      await snapshot('restore')
      if (!(await cutAt(at, 2))) break
      cuts += 1
      // As a git that was killed outright leaves it.
      if (existsSync(join(bench.root, 'target-repo/.git')))
        await writeFile(join(bench.root, 'target-repo/.git/index.lock'), '')
      const hadSecond = existsSync(join(bench.root, 'target-repo/trader/second.ts'))
      await using visit = await bench.arrive({ n: 3 })
      const where = `cut at call ${at}`
      expect(await bench.agentGit('status', '--porcelain'), where).toBe('')
      expect(await bench.agentGit('symbolic-ref', 'HEAD'), where).toBe(`refs/heads/${BRANCH}`)
      await bench.agentGit('merge-base', '--is-ancestor', personsSha, 'HEAD')
      const history = await allTextsBelow(join(bench.root, 'tasks'))
      expect(history, where).toContain('left untracked')
      expect(history, where).toContain('+left changed')
      if (hadSecond && !existsSync(join(bench.root, 'target-repo/trader/second.ts')))
        expect(history, where).toMatch(/^\+?second$/m)
      await bench.write('target-repo/trader/third.ts', 'third\n')
      await visit.workspace.commitLeftovers('Third')
      expect(await bench.target.read(await visit.workspace.push(), 'trader/third.ts'), where).toBe('third\n')
    }
    expect(cuts).toBeGreaterThan(8)
  })
})

const isRoot = process.getuid?.() === 0

describe('a full disk', () => {
  it.skipIf(!isRoot)(
    'is said by its own code and harms nothing: with room again the next attempt works (needs root for a small file system)',
    async ({ skip }) => {
      const mount = join(bench.state, 'small')
      await mkdir(mount)
      try {
        await execute('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mount])
      } catch {
        skip('no file system can be mounted here')
      }
      try {
        await using small = await createBench({
          files: {
            'trader/big.txt': Array.from({ length: 60_000 }, (_, i) => `${i * 7919} ${(i * 104_729) % 65_537}\n`).join(
              '',
            ),
          },
        })
        await rm(join(small.state, 'workspaces'), { recursive: true })
        await execute('ln', ['-s', mount, join(small.state, 'workspaces')])
        await execute('dd', ['if=/dev/zero', `of=${join(mount, 'filler')}`, 'bs=1k', 'count=2600'])
        {
          await using visit = await small.visit()
          await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'DISK_FULL', retryable: true })
        }
        await rm(join(mount, 'filler'))
        await execute('mount', ['-o', 'remount,size=64m', mount])
        await using visit = await small.arrive({ n: 2 })
        expect(visit.workspace.gitOperations.at(-1)).toMatchObject({ ok: true })
        expect(await small.agentGit('status', '--porcelain')).toBe('')
      } finally {
        await execute('umount', [mount])
      }
    },
  )
})
