import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasCode } from '../core/index.ts'
import { createGit } from './git.ts'
import type { GitOutput, GitRun } from './ports.ts'

const PATH = process.env['PATH'] ?? '/usr/bin:/bin'
const AUTHOR = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' }

let root: string
let repository: string
let bitten: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchestrator-git-'))
  repository = join(root, 'repository')
  bitten = join(root, 'bitten')
  await mkdir(repository)
  await mkdir(bitten)
  await run(['init', '--quiet'])
  await writeFile(join(repository, 'a.txt'), 'one\n')
  await run(['add', '--all'])
  await run(['commit', '--quiet', '-m', 'first'])
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

function gitWith(
  environment: Record<string, string> = {},
  secrets: readonly string[] = [],
): ReturnType<typeof createGit> {
  return createGit({ executable: 'git', home: root, environment: { PATH, ...environment }, secrets })
}

function run(args: readonly string[], more: Partial<GitRun> = {}): Promise<GitOutput> {
  return gitWith().run({ args, cwd: repository, signal: new AbortController().signal, environment: AUTHOR, ...more })
}

/** A command that leaves a trace when anybody runs it. */
const bite = (name: string): string => `touch ${join(bitten, name)}; exit 1;`
const bites = (): Promise<readonly string[]> => readdir(bitten)

async function hostileRepository(): Promise<void> {
  const config = `
[core]
  fsmonitor = "${bite('fsmonitor')}"
  hooksPath = ${join(root, 'hooks')}
  sshCommand = "${bite('sshCommand')}"
  editor = "${bite('editor')}"
  pager = "${bite('pager')}"
  askPass = ${join(root, 'hooks', 'post-checkout')}
  alternateRefsCommand = "${bite('alternateRefs')}"
  worktree = ${join(root, 'elsewhere')}
[filter "f"]
  clean = "${bite('clean')}"
  smudge = "${bite('smudge')}"
  required = true
[filter "p"]
  process = "${bite('process')}"
[diff]
  external = "${bite('diffExternal')}"
[diff "d"]
  command = "${bite('diffCommand')}"
  textconv = "${bite('textconv')}"
[merge "m"]
  driver = "${bite('mergeDriver')}"
[gpg]
  program = ${join(root, 'hooks', 'post-checkout')}
[commit]
  gpgSign = true
[credential]
  helper = "!${bite('credential')}"
[credential "http://127.0.0.1:1"]
  helper = "!${bite('credentialOfUrl')}"
[pager]
  log = "${bite('pagerLog')}"
[alias]
  status = "!${bite('alias')}"
[remote "origin"]
  url = ${repository}
[include]
  path = more
`
  await writeFile(join(repository, '.git/more'), `[filter "g"]\n clean = "${bite('included')}"\n`)
  await writeFile(
    join(repository, '.git/config'),
    `${await readFile(join(repository, '.git/config'), 'utf8')}${config}`,
  )
  await writeFile(join(repository, '.gitattributes'), '*.txt filter=f diff=d merge=m\n*.bin filter=p\n*.inc filter=g\n')
  await mkdir(join(root, 'hooks'))
  await mkdir(join(root, 'elsewhere'))
  for (const directory of [join(root, 'hooks'), join(repository, '.git/hooks')]) {
    for (const hook of [
      'pre-commit',
      'post-commit',
      'post-checkout',
      'reference-transaction',
      'post-index-change',
      'pre-push',
      'commit-msg',
      'prepare-commit-msg',
      'post-merge',
    ]) {
      await writeFile(join(directory, hook), `#!/bin/sh\ntouch ${join(bitten, `hook-${hook}`)}\n`, { mode: 0o755 })
    }
  }
}

describe('a repository that wants to run programs', () => {
  it('starts none of them, whatever is done in it', async () => {
    await hostileRepository()
    await writeFile(join(repository, 'a.txt'), 'two\n')
    await writeFile(join(repository, 'b.bin'), 'x')
    await writeFile(join(repository, 'c.inc'), 'y')
    await run(['status', '--porcelain'])
    await run(['add', '--all'])
    expect((await run(['diff', '--cached'])).stdout).toContain('+two')
    expect((await run(['diff', 'HEAD'])).stdout).toContain('+two')
    await run(['commit', '--quiet', '-m', 'second'])
    expect((await run(['log', '-p', '--format=%H'])).stdout).toContain('+two')
    expect((await run(['show', 'HEAD:a.txt'])).stdout).toBe('two\n')
    await run(['checkout', '--force', '-B', 'other', 'HEAD~1'])
    await writeFile(join(repository, 'a.txt'), 'three\n')
    await run(['commit', '--quiet', '-a', '-m', 'third'])
    await run(['merge', 'main']).catch(() => {})
    await run(['reset', '--hard'])
    await run(['fetch', 'origin'])
    await run(['push', '--dry-run', 'origin', 'HEAD:refs/heads/pushed'])
    await run(['fetch', 'http://127.0.0.1:1/x.git']).catch(() => {})
    await run(['fetch', 'ssh://127.0.0.1:1/x.git']).catch(() => {})
    await run(['config', 'remote.origin.uploadpack', bite('uploadpack')])
    await run(['config', 'remote.origin.receivepack', bite('receivepack')])
    await expect(run(['fetch', 'origin'])).rejects.toMatchObject({
      details: { keys: ['remote.origin.uploadpack', 'remote.origin.receivepack'] },
    })
    expect(await bites()).toEqual([])
    expect(await readFile(join(repository, 'a.txt'), 'utf8')).toBe('three\n')
    expect(await readdir(join(root, 'elsewhere'))).toEqual([])
  })

  it('would have started them with plain git, so the test above means something', async () => {
    await hostileRepository()
    await writeFile(join(repository, 'a.txt'), 'two\n')
    const env = { PATH, HOME: root, GIT_WORK_TREE: repository, GIT_DIR: join(repository, '.git') }
    spawnSync('git', ['add', 'a.txt'], { cwd: repository, stdio: 'ignore', env })
    expect(await bites()).not.toEqual([])
  })

  it('is refused where its configuration redirects addresses or depends on conditions', async () => {
    await writeFile(join(repository, '.git/config'), `[url "ext::sh -c evil"]\n insteadOf = file:\n`, { flag: 'a' })
    await expect(run(['fetch', 'file:///nowhere'])).rejects.toMatchObject({
      code: 'GIT_FAILED',
      details: { keys: ['url.ext::sh -c evil.insteadof'] },
    })
    await expect(run(['status'])).resolves.toBeDefined()
    await writeFile(join(repository, '.git/config'), `[includeIf "onbranch:x"]\n path = more\n`, { flag: 'a' })
    await expect(run(['status'])).rejects.toMatchObject({ code: 'GIT_FAILED' })
  })

  it('is not found above the folder that was named, nor as a bare one that nobody named', async () => {
    await mkdir(join(repository, 'inner'))
    await expect(run(['status'], { cwd: join(repository, 'inner') })).rejects.toMatchObject({ code: 'GIT_FAILED' })
    await run(['init', '--quiet', '--bare', 'inner'])
    await expect(run(['log'], { cwd: join(repository, 'inner') })).rejects.toMatchObject({ code: 'GIT_FAILED' })
    await expect(run(['--git-dir=.', 'for-each-ref'], { cwd: join(repository, 'inner') })).resolves.toBeDefined()
  })

  it('shows its real history, not a substituted one', async () => {
    const [first, tree] = (await run(['log', '--format=%H %T'])).stdout.trim().split(' ')
    const other = (await run(['commit-tree', '-m', 'false', tree ?? ''])).stdout.trim()
    await run(['update-ref', `refs/replace/${first}`, other])
    expect((await run(['log', '--format=%s'])).stdout.trim()).toBe('first')
  })
})

describe('protocols', () => {
  it('are https, http, ssh and file, and nothing that starts a program', async () => {
    await expect(run(['ls-remote', `ext::${bite('ext')}`])).rejects.toMatchObject({ code: 'GIT_FAILED' })
    await expect(run(['ls-remote', 'git://127.0.0.1/x'])).rejects.toMatchObject({ code: 'GIT_FAILED' })
    expect(await bites()).toEqual([])
  })
})

describe('what we are given', () => {
  it('is kept: a credential helper of ours is asked', async () => {
    await writeFile(join(repository, '.git/config'), `[credential]\n helper = "!${bite('theirs')}"\n`, { flag: 'a' })
    const git = gitWith({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'credential.helper',
      GIT_CONFIG_VALUE_0: `!touch ${join(bitten, 'ours')}; echo username=u; echo password=p;`,
    })
    const { stdout } = await git.run({
      args: ['credential', 'fill'],
      cwd: repository,
      signal: new AbortController().signal,
      input: 'protocol=https\nhost=example.org\n\n',
    })
    expect(stdout).toContain('username=u')
    expect(await bites()).toEqual(['ours'])
  })

  it('is all there is: nothing of this process is inherited', async () => {
    process.env['GIT_DIR'] = '/nonexistent'
    try {
      await expect(run(['status'])).resolves.toBeDefined()
    } finally {
      delete process.env['GIT_DIR']
    }
  })
})

describe('failures', () => {
  it('carry the command, the exit code and no secret', async () => {
    const git = gitWith({}, ['t0p-secret'])
    const failing = git.run({
      args: ['ls-remote', 'file:///t0p-secret/x'],
      cwd: repository,
      signal: new AbortController().signal,
    })
    const error: unknown = await failing.catch((thrown: unknown) => thrown)
    expect(hasCode(error, 'GIT_NOT_FOUND')).toBe(true)
    expect(
      JSON.stringify([error, String(error), error instanceof Error ? [error.message, error.stack] : '']),
    ).not.toContain('t0p-secret')
    expect(error).toMatchObject({ details: { args: ['ls-remote', 'file:///[redacted]/x'], exitCode: 128 } })
  })

  it('say where git is missing', async () => {
    const git = createGit({ executable: 'no-such-git', home: root, environment: { PATH }, secrets: [] })
    await expect(
      git.run({ args: ['status'], cwd: repository, signal: new AbortController().signal }),
    ).rejects.toMatchObject({ code: 'TOOLS_UNAVAILABLE' })
  })

  it('end with the time allowed, and nothing keeps running', async () => {
    await writeFile(join(root, 'slow'), `#!/bin/sh\necho $$ > ${join(root, 'pid')}\nsleep 60 & wait\n`, { mode: 0o755 })
    const git = gitWith({ GIT_SSH_COMMAND: join(root, 'slow') })
    const slow = git.run({
      args: ['ls-remote', 'ssh://host/x'],
      cwd: repository,
      signal: new AbortController().signal,
      timeoutMs: 500,
    })
    await expect(slow).rejects.toMatchObject({ code: 'GIT_UNAVAILABLE', retryable: true })
    const pid = Number(await readFile(join(root, 'pid'), 'utf8'))
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('are the reason of the signal when that ended it', async () => {
    await writeFile(join(root, 'slow'), `#!/bin/sh\ntouch ${join(root, 'started')}\nsleep 60\n`, { mode: 0o755 })
    const controller = new AbortController()
    const git = gitWith({ GIT_SSH_COMMAND: join(root, 'slow') })
    const slow = git.run({ args: ['ls-remote', 'ssh://host/x'], cwd: repository, signal: controller.signal })
    const outcome = expect(slow).rejects.toThrow('enough')
    await expect.poll(() => readdir(root)).toContain('started')
    controller.abort(new Error('enough'))
    await outcome
  })
})

/** A process that ended and waits to be collected by whoever adopted it runs no more. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}
