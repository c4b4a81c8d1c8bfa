import { execFile } from 'node:child_process'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The person's own configuration stays out of the demonstration: it might sign commits or run hooks. */
const ENVIRONMENT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'lead',
  GIT_AUTHOR_EMAIL: 'lead@example.com',
  GIT_COMMITTER_NAME: 'lead',
  GIT_COMMITTER_EMAIL: 'lead@example.com',
}

export async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', [...args], { cwd, env: ENVIRONMENT })
  return stdout
}

export interface DemoRepository {
  readonly path: string
  readonly url: string
}

/** A bare repository at `path` whose branch `main` holds `files`. */
export async function createRepository(path: string, files: Readonly<Record<string, string>>): Promise<DemoRepository> {
  await git(tmpdir(), 'init', '--quiet', '--bare', '--initial-branch=main', path)
  await using draft = await mkdtempDisposable(join(tmpdir(), 'orchestrator-demo-'))
  await git(draft.path, 'clone', '--quiet', path, '.')
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(draft.path, name)), { recursive: true })
    await writeFile(join(draft.path, name), content)
  }
  await git(draft.path, 'add', '--all')
  await git(draft.path, 'commit', '--quiet', '--message', 'Start')
  await git(draft.path, 'push', '--quiet', 'origin', 'HEAD:main')
  return { path, url: pathToFileURL(path).href }
}

/** Gates run in the working directory of the task. */
const GATES = JSON.stringify(
  [{ name: 'tests', command: ['node', '--test', '--test-reporter=tap'], timeoutSeconds: 60 }],
  null,
  2,
)

/** What a documentation agent would have left: task, acceptance criteria, architecture, gates. */
export const PLATFORM_FILES = {
  '.taskmaster/docs/architecture.md':
    '# Architecture\n\nSmall modules without dependencies, tested with `node --test`.\n',
  '.taskmaster/docs/task-1/task.md':
    '# Task 1: prices\n\nWrite `trader/src/price.mjs`: `price(amount, rate)` in whole cents.\n',
  '.taskmaster/docs/task-1/acceptance-criteria.md':
    '# Done when\n\n- [ ] the price is in whole cents, rounded half up\n- [ ] the tests pass\n',
  '.taskmaster/docs/task-1/gates.json': GATES,
  '.taskmaster/docs/task-2/task.md':
    '# Task 2: order book\n\nWrite `trading-engine/src/book.mjs`: `best(bids)` is the highest bid.\n',
  '.taskmaster/docs/task-2/acceptance-criteria.md':
    '# Done when\n\n- [ ] the best bid is the highest one\n- [ ] the tests pass\n',
  '.taskmaster/docs/task-2/gates.json': GATES,
}

/** The service to work on: its tests are there, what they test is not. */
export const TARGET_FILES = {
  'README.md': '# trader\n',
  'trader/test/price.test.mjs': [
    "import { test } from 'node:test'",
    "import assert from 'node:assert'",
    "import { price } from '../src/price.mjs'",
    '',
    "test('a price is in whole cents', () => assert.equal(price(10, 1.5), 1500))",
    "test('half a cent is rounded up', () => assert.equal(price(1, 0.125), 13))",
    '',
  ].join('\n'),
}
