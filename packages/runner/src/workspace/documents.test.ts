import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { TaskDocuments } from '../ports.ts'
import { type AttemptChoice, type Bench, createBench, DOCUMENTS, type Visit } from './workspace-fixture.ts'

const DOCS = '.taskmaster/docs'
const TASK = { [`${DOCS}/task-1/task.md`]: '# Task\n', [`${DOCS}/task-1/acceptance-criteria.md`]: '- one\n' }

let bench: Bench
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

let n = 0
async function prepare(
  choice: AttemptChoice = {},
): Promise<TaskDocuments & { readonly notes: string; readonly visit: Visit }> {
  n += 1
  await using visit = await bench.visit({ n, ...choice })
  const documents = await visit.workspace.prepareDocuments()
  return { ...documents, notes: visit.notes(), visit }
}

describe('documents of a task', () => {
  it('are copied whole, with criteria and gates read', async () => {
    const gates = [{ name: 'test', command: ['npm', 'test'] }]
    bench = await createBench({
      documents: {
        ...DOCUMENTS,
        [`${DOCS}/task-1/gates.json`]: JSON.stringify(gates),
        [`${DOCS}/task-1/images/a.svg`]: '<svg/>',
        [`${DOCS}/task-1/prompt.md`]: 'Do it\n',
      },
    })
    const documents = await prepare()
    expect(documents).toMatchObject({
      directory: join(bench.root, 'task-docs'),
      missing: [],
      criteria: ['It works', 'It is tested'],
      gates,
    })
    expect(documents.files).toEqual(
      expect.arrayContaining([
        'acceptance-criteria.md',
        'architecture.md',
        'gates.json',
        'images/a.svg',
        'prompt.md',
        'task.md',
      ]),
    )
    expect(await bench.read('task-docs/images/a.svg')).toBe('<svg/>')
    expect(
      documents.visit.workspace.gitOperations.map(
        ({ repository, operation, ok }) => `${repository} ${operation} ${ok}`,
      ),
    ).toEqual(['platform clone true', 'platform checkout true'])
  })

  it('follow the platform branch, and nothing of an older task stays', async () => {
    bench = await createBench()
    await prepare()
    await bench.write('task-docs/stale.md', 's\n')
    await bench.platform.commit({ files: { [`${DOCS}/task-1/task.md`]: 'newer\n' } })
    await prepare()
    expect(await bench.read('task-docs/task.md')).toBe('newer\n')
    expect(existsSync(join(bench.root, 'task-docs/stale.md'))).toBe(false)
    await bench.platform.commit({
      files: { [`${DOCS}/task-1/task.md`]: 'rewritten\n', [`${DOCS}/task-1/acceptance-criteria.md`]: '- x\n' },
      force: true,
    })
    await prepare()
    expect(await bench.read('task-docs/task.md')).toBe('rewritten\n')
    expect((await prepare({ taskId: '2' })).files).toEqual(['acceptance-criteria.md', 'task.md'])
  })

  it('may share their architecture one level up; without any, people are warned', async () => {
    bench = await createBench({ documents: { ...TASK, [`${DOCS}/architecture.md`]: 'shared\n' } })
    expect((await prepare()).missing).toEqual([])
    expect(await bench.read('task-docs/architecture.md')).toBe('shared\n')
    await bench.platform.commit({ files: { [`${DOCS}/architecture.md`]: null } })
    const documents = await prepare()
    expect(documents.missing).toEqual(['architecture.md'])
    expect(documents.notes).toContain('architecture.md')
  })

  it('of the default list lie without its name, else with it', async () => {
    bench = await createBench({
      documents: {
        [`${DOCS}/master/task-1/task.md`]: 'tagged\n',
        [`${DOCS}/master/task-1/acceptance-criteria.md`]: '- x\n',
      },
    })
    await prepare()
    expect(await bench.read('task-docs/task.md')).toBe('tagged\n')
    await bench.platform.commit({ files: TASK })
    await prepare()
    expect(await bench.read('task-docs/task.md')).toBe('# Task\n')
  })

  it('of another list are never those of the default list', async () => {
    bench = await createBench({ documents: TASK })
    await expect(prepare({ tag: 'next' })).rejects.toThrow(/\.taskmaster\/docs\/next\/task-1\/task\.md is not there$/)
    await bench.platform.commit({
      files: { [`${DOCS}/next/task-1/task.md`]: 'next\n', [`${DOCS}/next/task-1/acceptance-criteria.md`]: '- x\n' },
    })
    await prepare({ tag: 'next' })
    expect(await bench.read('task-docs/task.md')).toBe('next\n')
  })

  it('that are missing or empty are named with repository, branch and every path tried', async () => {
    bench = await createBench({ documents: { 'README.md': 'x\n' } })
    const missing = prepare()
    await expect(missing).rejects.toMatchObject({ code: 'DOCS_MISSING', retryable: false })
    await expect(missing).rejects.toThrow(
      `${bench.platform.url}, branch main: ${DOCS}/task-1/task.md is not there; ${DOCS}/master/task-1/task.md is not there`,
    )
    await bench.platform.commit({ files: { [`${DOCS}/task-1/task.md`]: ' \n' } })
    await expect(prepare()).rejects.toThrow(/task\.md is empty; .*acceptance-criteria\.md is not there/)
  })

  it('need their platform branch', async () => {
    bench = await createBench()
    await bench.platform.git(['branch', '-m', 'main', 'trunk'])
    await expect(prepare()).rejects.toThrow(/has no branch "main"; it has trunk/)
  })

  it('with faulty gates fail, naming file, line or field', async () => {
    bench = await createBench({
      documents: { ...TASK, [`${DOCS}/task-1/gates.json`]: '[\n  { "name": "x", "command": [], "color": "red" }\n]' },
    })
    await expect(prepare()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    await expect(prepare()).rejects.toThrow(/task-1\/gates\.json is not valid: \[0\]\.command: .*; \[0\]: .*color/)
    await bench.platform.commit({ files: { [`${DOCS}/task-1/gates.json`]: '[\n  // none\n]' } })
    await expect(prepare()).rejects.toThrow(/gates\.json, line 2, is not valid JSON/)
  })

  it('may be links within the repository, not links that lead out of it', async () => {
    bench = await createBench({ documents: { ...TASK, 'common.md': 'common\n' } })
    const person = await bench.platform.clone()
    const link = async (destination: string): Promise<void> => {
      await rm(join(person, DOCS, 'task-1/task.md'), { force: true })
      await symlink(destination, join(person, DOCS, 'task-1/task.md'))
      await bench.platform.git(['add', '--all'], person)
      await bench.platform.git(['commit', '--quiet', '-m', 'Link'], person)
      await bench.platform.git(['push', '--quiet', 'origin', 'HEAD:main'], person)
    }
    await link('../../../common.md')
    await prepare()
    expect(await bench.read('task-docs/task.md')).toBe('common\n')
    for (const destination of [
      '/etc/hostname',
      '../../../../../../../etc/hostname',
      '../../../.git/config',
      'nowhere',
    ]) {
      await link(destination)
      await expect(prepare()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    }
  })
})

describe('the choice of tools', () => {
  const TASKS_FILE = '.taskmaster/tasks/task-1/client-config.json'

  const config = (server: string): string =>
    JSON.stringify({ localServers: { [server]: { command: server, args: ['/workspace/x'], tools: ['read'] } } })

  it('comes from the task, else from its documents, else from its service', async () => {
    const DOCS_FILE = `${DOCS}/task-1/client-config.json`
    bench = await createBench({
      documents: { ...TASK, [DOCS_FILE]: config('docs'), [TASKS_FILE]: config('tasks') },
    })
    const first = await prepare()
    expect(first.tools.tools).toEqual([{ server: 'tasks', name: 'read' }])
    expect(first.notes).toContain(`the tools of ${TASKS_FILE}: read`)
    expect(JSON.parse(await bench.read('client-config.json'))).toMatchObject({
      localServers: { tasks: { args: [`${bench.root}/x`] } },
    })
    await bench.platform.commit({ files: { [TASKS_FILE]: null } })
    expect((await prepare()).tools.tools).toEqual([{ server: 'docs', name: 'read' }])
    await bench.platform.commit({ files: { [DOCS_FILE]: null } })
    const none = await prepare()
    expect(none.notes).toContain('the default tools of the service are used: none')
    expect(none.tools.tools).toEqual([])
    expect(existsSync(join(bench.root, 'client-config.json'))).toBe(false)
    const fallback = { remoteTools: ['search'], localServers: {} }
    const ofService = await prepare({ tools: { hasToolman: true, fallback } })
    expect(ofService.notes).toContain('the default tools of the service are used: search')
    expect(JSON.parse(await bench.read('client-config.json'))).toEqual(fallback)
  })

  it('that needs a tool server where none is configured fails, naming tools and remedy', async () => {
    bench = await createBench({ documents: { ...TASK, [TASKS_FILE]: '{"remoteTools":["search"]}' } })
    await expect(prepare()).rejects.toMatchObject({
      code: 'TOOLS_UNAVAILABLE',
      message: expect.stringMatching(/client-config\.json asks for the remote tools search.*add "toolman"/),
    })
  })

  it('with a field that nobody knows fails, naming it', async () => {
    bench = await createBench({ documents: { ...TASK, [TASKS_FILE]: '{"remoteTool":["search"]}' } })
    await expect(prepare()).rejects.toThrow(/client-config\.json is not valid: .*remoteTool/)
  })

  it('that is no JSON fails, naming file and line', async () => {
    bench = await createBench({
      documents: { ...TASK, [TASKS_FILE]: '{\n  "remoteTools": [\n    "a" // the first\n  ]\n}' },
    })
    await expect(prepare()).rejects.toThrow(`${TASKS_FILE}, line 3, is not valid JSON`)
  })
})

describe('the copy of the platform repository', () => {
  it('is made anew when it is damaged, of another origin, or no repository', async () => {
    bench = await createBench()
    await prepare()
    const copy = join(bench.root, 'platform-repo')
    await rm(join(copy, '.git/objects'), { recursive: true })
    expect((await prepare()).files).toContain('task.md')
    await writeFile(join(copy, '.git/HEAD'), 'nonsense')
    expect((await prepare()).files).toContain('task.md')
    await writeFile(join(copy, '.git/config'), '[remote "origin"]\n url = https://example.org/other\n')
    expect((await prepare()).files).toContain('task.md')
    await rm(copy, { recursive: true })
    await symlink(bench.state, copy)
    expect((await prepare()).files).toContain('task.md')
    await rm(copy, { recursive: true })
    await mkdir(copy)
    await writeFile(join(copy, 'x'), 'x')
    expect((await prepare()).files).toContain('task.md')
    expect((await readdir(copy)).toSorted()).toEqual(['.git', '.taskmaster'])
    expect(await readFile(join(bench.state, 'rendered')).catch(() => 'still there')).toBe('still there')
  })
})
