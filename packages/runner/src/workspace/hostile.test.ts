/** The agent can write everything in `target-repo/`, its `.git` included. Each trap here leaves a trace when it is sprung. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, createBench } from './workspace-fixture.ts'

const BRANCH = 'feature/task-1-implementation'

let bench: Bench
let traps: string
beforeEach(async () => {
  bench = await createBench()
  traps = join(bench.state, 'sprung')
  await mkdir(traps)
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const trap = (name: string): string => `touch ${join(traps, name)}; env > ${join(traps, name)}.env; cat;`
const sprung = (): Promise<string[]> => readdir(traps)

const HOOKS = [
  'pre-commit',
  'commit-msg',
  'prepare-commit-msg',
  'post-commit',
  'post-checkout',
  'reference-transaction',
  'post-index-change',
  'pre-push',
  'post-merge',
  'update',
  'pre-receive',
  'post-update',
  'fsmonitor-watchman',
  'pre-auto-gc',
  'post-rewrite',
]

function hostileConfig(): string {
  return `
[core]
  fsmonitor = "${trap('fsmonitor')}"
  hooksPath = ${join(bench.state, 'hooks')}
  sshCommand = "${trap('sshCommand')}"
  editor = "${trap('editor')}"
  pager = "${trap('pager')}"
  askPass = ${join(bench.state, 'hooks/pre-commit')}
  gitProxy = "${trap('gitProxy')}"
  alternateRefsCommand = "${trap('alternateRefs')}"
  worktree = ${join(bench.state, 'elsewhere')}
  attributesFile = ${join(bench.state, 'attributes')}
[filter "f"]
  clean = "${trap('clean')}"
  smudge = "${trap('smudge')}"
  process = "${trap('process')}"
  required = true
[diff]
  external = "${trap('external')}"
[diff "f"]
  command = "${trap('command')}"
  textconv = "${trap('textconv')}"
[merge "f"]
  driver = "${trap('driver')}"
[gpg]
  program = ${join(bench.state, 'hooks/pre-commit')}
[commit]
  gpgSign = true
[credential]
  helper = "!${trap('credential')}"
[url "ext::sh -c '${trap('insteadOf')}' "]
  insteadOf = file:
  pushInsteadOf = file:
[remote "origin"]
  uploadpack = "${trap('uploadpack')}"
  receivepack = "${trap('receivepack')}"
  proxy = http://127.0.0.1:1
[uploadpack]
  packObjectsHook = "${trap('packObjects')}"
[alias]
  status = "!${trap('alias')}"
[include]
  path = included
[includeIf "onbranch:**"]
  path = included
[extensions]
  worktreeConfig = true
[submodule]
  recurse = true
[pull]
  rebase = true
`
}

async function writeHooks(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const hook of HOOKS) {
    await writeFile(join(directory, hook), `#!/bin/sh\n${trap(`hook-${hook}`)}\n`)
    await chmod(join(directory, hook), 0o755)
  }
}

async function makeHostile(repository: string): Promise<void> {
  await writeFile(join(repository, '.git/config'), hostileConfig(), { flag: 'a' })
  await writeFile(join(repository, '.git/included'), `[filter "g"]\n clean = "${trap('included')}"\n`)
  await writeFile(join(repository, '.git/config.worktree'), `[core]\n fsmonitor = "${trap('worktreeConfig')}"\n`)
  await mkdir(join(repository, '.git/info'), { recursive: true })
  await writeFile(join(repository, '.git/info/attributes'), '* filter=f diff=f merge=f\n*.g filter=g\n')
  await writeFile(join(repository, '.gitattributes'), '* filter=f diff=f merge=f\n*.g filter=g\n')
  await writeFile(join(bench.state, 'attributes'), '* filter=f\n')
  await mkdir(join(bench.state, 'elsewhere'), { recursive: true })
  await writeHooks(join(repository, '.git/hooks'))
  await writeHooks(join(bench.state, 'hooks'))
}

const target = (): string => join(bench.root, 'target-repo')

describe('a hostile repository', () => {
  it('springs no trap when leftovers are committed, pushed, compared and checked out', async () => {
    await using visit = await bench.arrive()
    await bench.write('target-repo/trader/work.ts', 'work\n')
    await makeHostile(target())
    expect(await visit.workspace.commitLeftovers('Left')).toBe(true)
    await makeHostile(target())
    const sha = await visit.workspace.push()
    await makeHostile(target())
    expect((await visit.workspace.changes()).files).toEqual(['.gitattributes', 'trader/work.ts'])
    await using checkout = await visit.workspace.checkout(sha)
    expect(await readFile(join(checkout.directory, 'trader/work.ts'), 'utf8')).toBe('work\n')
    expect(await bench.target.read(BRANCH, 'trader/work.ts')).toBe('work\n')
    expect(await sprung()).toEqual([])
    expect(await readdir(join(bench.state, 'elsewhere'))).toEqual([])
  })

  it('springs no trap in the next attempt, whose evidence keeps what was found', async () => {
    {
      await using _ = await bench.arrive()
      await bench.write('target-repo/trader/work.ts', 'work\n')
      await bench.write('target-repo/README.md', 'changed\n')
      await makeHostile(target())
    }
    await using visit = await bench.arrive({ n: 2 })
    expect(await sprung()).toEqual([])
    expect(visit.notes()).toContain('core.fsmonitor')
    const evidence = 'tasks/master-1/attempt-2/git-configuration'
    expect(await bench.read(`${evidence}/config`)).toContain('insteadOf')
    expect(await bench.read(`${evidence}/hooks/pre-commit`)).toContain('#!/bin/sh')
    expect(await bench.read(`${evidence}/info/attributes`)).toContain('filter=f')
    expect(await readdir(join(target(), '.git/hooks'))).toEqual([])
    expect(await bench.read('target-repo/README.md')).toBe('hello\n')
    await bench.agentGit('status')
    expect(await sprung()).toEqual([])
  })

  it('would spring them under plain git, so the tests above mean something', async () => {
    await using _ = await bench.arrive()
    await makeHostile(target())
    const env = {
      PATH: process.env['PATH'],
      HOME: bench.state,
      GIT_DIR: join(target(), '.git'),
      GIT_WORK_TREE: target(),
    }
    spawnSync('git', ['add', '--all'], { cwd: target(), env, stdio: 'ignore' })
    spawnSync('git', ['commit', '-m', 'x'], { cwd: target(), env, stdio: 'ignore' })
    expect((await sprung()).length).toBeGreaterThan(2)
  })

  it('does not reach through repositories within it: none is entered', async () => {
    await using visit = await bench.arrive()
    await bench.agentGit('init', '--quiet', 'nested')
    await bench.write('target-repo/nested/file.md', 'n\n')
    await bench.agentGit('-C', 'nested', 'add', '--all')
    await bench.agentGit(
      '-C',
      'nested',
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@example.org',
      'commit',
      '--quiet',
      '-m',
      'n',
    )
    await bench.agentGit('add', 'nested')
    await bench.agentGit('commit', '--quiet', '-m', 'A link to a repository within')
    await makeHostile(join(target(), 'nested'))
    await bench.write('target-repo/nested/file.md', 'dirty\n')
    await bench.write('target-repo/trader/work.ts', 'work\n')
    await visit.workspace.commitLeftovers('Left')
    await visit.workspace.push()
    await bench.write('target-repo/nested/more.md', 'dirty\n')
    await bench.write('target-repo/trader/work.ts', 'more work\n')
    await visit[Symbol.asyncDispose]()
    await using next = await bench.visit({ n: 2 })
    await next.workspace.prepareTarget()
    expect(await sprung()).toEqual([])
  })

  it('is refused where links would let git write elsewhere', async () => {
    {
      await using _ = await bench.arrive()
    }
    const logs = join(target(), '.git/logs')
    await rename(logs, join(bench.state, 'logs'))
    await symlink(join(bench.state, 'logs'), logs)
    await using visit = await bench.visit({ n: 2 })
    await expect(visit.workspace.prepareTarget()).rejects.toMatchObject({ code: 'WORKSPACE_CONFLICT' })
  })

  it('that borrows objects or another configuration loses both, and what cannot live without is kept aside', async () => {
    {
      await using _ = await bench.arrive()
      await cp(join(target(), '.git'), join(bench.state, 'common'), { recursive: true })
      await writeFile(join(bench.state, 'common/config'), hostileConfig(), { flag: 'a' })
      await bench.write('target-repo/.git/commondir', join(bench.state, 'common'))
      await bench.write('target-repo/.git/objects/info/alternates', join(bench.state, 'common/objects'))
    }
    await using visit = await bench.visit({ n: 2 })
    await visit.workspace.prepareTarget()
    expect(existsSync(join(target(), '.git/commondir'))).toBe(false)
    expect(existsSync(join(target(), '.git/objects/info/alternates'))).toBe(false)
    expect(await sprung()).toEqual([])
  })

  it('shows its real commits, not substituted ones', async () => {
    await using visit = await bench.arrive()
    await bench.write('target-repo/trader/evil.ts', 'evil\n')
    await bench.agentGit('add', '--all')
    await bench.agentGit('commit', '--quiet', '-m', 'Evil')
    await bench.agentGit('replace', 'HEAD', 'HEAD~1')
    expect((await visit.workspace.changes()).files).toEqual(['trader/evil.ts'])
  })

  it('never sees a credential: only calls to the remotes have it', async () => {
    const seen: string[] = []
    const environment = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'credential.helper',
      GIT_CONFIG_VALUE_0: '!echo password=t0p',
      SSH_AUTH_SOCK: '/agent.sock',
    }
    await using visit = await bench.arrive(
      {},
      {
        environment,
        through: (git) => ({
          run: async (run) => {
            seen.push(run.cwd)
            return await git.run(run)
          },
        }),
      },
    )
    await bench.write('target-repo/.git/hooks/pre-commit', `#!/bin/sh\n${trap('hook')}\n`)
    await chmod(join(target(), '.git/hooks/pre-commit'), 0o755)
    await bench.write('target-repo/trader/work.ts', 'work\n')
    await visit.workspace.commitLeftovers('Left')
    await visit.workspace.push()
    expect(seen).toContain(target())
    expect(await sprung()).toEqual([])
    for (const folder of [bench.root, bench.pushDirectory]) {
      const grep = spawnSync('grep', ['-r', '-l', 't0p', folder])
      expect(grep.stdout.toString()).toBe('')
    }
  })
})

describe('a hostile copy of the platform repository', () => {
  it('springs no trap and is put right', async () => {
    {
      await using _ = await bench.arrive()
    }
    const platform = join(bench.root, 'platform-repo')
    await makeHostile(platform)
    await writeFile(join(platform, '.taskmaster/docs/task-1/task.md'), 'forged\n')
    await using visit = await bench.visit({ n: 2 })
    const documents = await visit.workspace.prepareDocuments()
    expect(await readFile(join(documents.directory, 'task.md'), 'utf8')).toBe('# Task 1\n')
    expect(await sprung()).toEqual([])
  })
})
