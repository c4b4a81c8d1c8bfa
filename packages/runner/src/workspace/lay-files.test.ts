import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_TOOLS } from '../tools/tool-plan.ts'
import { type AttemptChoice, type Bench, createBench } from './workspace-fixture.ts'

let bench: Bench
beforeEach(async () => {
  bench = await createBench()
  for (const name of ['CLAUDE.md', 'mcp.json', 'settings.local.json', 'prompt.md', 'run.sh'])
    await writeFile(join(bench.state, 'rendered', name), name.endsWith('.json') ? '{}\n' : `${name}\n`)
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const FILES = [
  { file: 'CLAUDE.md', destination: 'CLAUDE.md', executable: false },
  { file: 'mcp.json', destination: '.mcp.json', executable: false },
  { file: 'settings.local.json', destination: '.claude/settings.local.json', executable: false },
  { file: 'prompt.md', destination: 'attempt-1/prompt.md', executable: false },
  { file: 'run.sh', destination: 'tasks/master-1/attempt-1/run.sh', executable: true },
]

async function arrive(choice: AttemptChoice): Promise<string> {
  await using visit = await bench.arrive(choice)
  return visit.notes()
}

async function layOnly(choice: AttemptChoice): Promise<void> {
  await using visit = await bench.visit(choice)
  await visit.workspace.layFiles({
    sourceDirectory: join(bench.state, 'rendered'),
    knowledge: { tools: NO_TOOLS, languages: [] },
  })
}

describe('the workspace root', () => {
  it('holds exactly what belongs there, with relative links to the attempt', async () => {
    expect(await arrive({ files: FILES })).not.toContain('not ours')
    const root = (await readdir(bench.root)).toSorted()
    expect(root).toEqual([
      '.claude',
      '.mcp.json',
      'CLAUDE.md',
      'attempt-1',
      'current',
      'platform-repo',
      'shared',
      'target-repo',
      'task-docs',
      'tasks',
    ])
    expect(await readlink(join(bench.root, 'current'))).toBe('tasks/master-1/attempt-1')
    expect(await readlink(join(bench.root, 'attempt-1'))).toBe('tasks/master-1/attempt-1')
    expect(await bench.read('current/prompt.md')).toBe('prompt.md\n')
    expect((await stat(join(bench.root, 'current/run.sh'))).mode & 0o111).toBe(0o111)
    expect(await bench.agentGit('status', '--porcelain', '--ignored')).toBe('')
  })

  it('loses an older attempt’s texts and links, not its history nor what is shared', async () => {
    await arrive({ files: FILES })
    await bench.write('shared/notes.md', 'n\n')
    await arrive({ taskId: '2', n: 7, files: FILES.slice(0, 1) })
    expect((await readdir(bench.root)).filter((name) => name.startsWith('attempt-'))).toEqual(['attempt-7'])
    expect(existsSync(join(bench.root, '.mcp.json'))).toBe(false)
    expect(existsSync(join(bench.root, '.claude/settings.local.json'))).toBe(false)
    expect(await bench.read('tasks/master-1/attempt-1/prompt.md')).toBe('prompt.md\n')
    expect(await bench.read('shared/notes.md')).toBe('n\n')
  })

  it('keeps what somebody else put there, and says so', async () => {
    await bench.write('my-notes.txt', 'mine\n')
    expect(await arrive({})).toContain('my-notes.txt')
    expect(await bench.read('my-notes.txt')).toBe('mine\n')
  })

  it('takes nothing that would leave it or lie in a repository', async () => {
    for (const [n, destination] of [
      '../x',
      '/etc/x',
      'a/../../x',
      '.',
      'target-repo/x',
      'platform-repo/x',
      'task-docs/x',
      'tasks/master-9/attempt-1/x',
      'tasks/epoch',
    ].entries()) {
      await expect(
        layOnly({ n: n + 1, files: [{ file: 'CLAUDE.md', destination, executable: false }] }),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    }
    await expect(
      layOnly({ n: 20, files: [{ file: '../attempt.json', destination: 'x', executable: false }] }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  it('does not write through links that were planted there', async () => {
    await mkdir(bench.root, { recursive: true })
    await symlink(bench.state, join(bench.root, '.claude'))
    await expect(arrive({ files: FILES })).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
    expect(existsSync(join(bench.state, 'settings.local.json'))).toBe(false)
    await writeFile(join(bench.state, 'outside.md'), 'outside\n')
    await symlink(join(bench.state, 'outside.md'), join(bench.root, 'GUIDE.md'))
    await expect(
      arrive({ n: 2, files: [{ file: 'CLAUDE.md', destination: 'GUIDE.md', executable: false }] }),
    ).resolves.toBeDefined()
    expect((await lstat(join(bench.root, 'GUIDE.md'))).isFile()).toBe(true)
    expect(await bench.read('../../outside.md')).toBe('outside\n')
  })
})
