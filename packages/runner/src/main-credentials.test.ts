/** Attempts whose repositories are behind real servers that ask who is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ResultRecord } from '@orchestrator/shared/contracts'
import {
  createLaunchFixture,
  type HttpsGitServer,
  type LaunchFixture,
  type LaunchOrder,
  makeSshKey,
  type Runner,
  type ServedRepository,
  skippedWithoutGitServers,
  type SshGitServer,
  startHttpsGitServer,
  startSshGitServer,
  TASK_BRANCH,
  temporaryDirectory,
} from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RUNNER_MAIN } from './index.ts'

const SKIPPED = skippedWithoutGitServers('attempts with credentials')

type Protocol = 'https' | 'ssh'
type Role = 'platform' | 'target'

let https: HttpsGitServer
let ssh: SshGitServer
let served = 0

beforeAll(async () => {
  ;[https, ssh] = await Promise.all([startHttpsGitServer(), startSshGitServer()])
})
afterAll(async () => {
  await https[Symbol.asyncDispose]()
  await ssh[Symbol.asyncDispose]()
})

const USERS = { platform: 'platform-reader', target: 'target-writer' } as const
const FOLDERS = { https: 'github-pat', ssh: 'github-ssh' } as const
const FILES = { https: 'token', ssh: 'ssh-privatekey' } as const

interface Site extends AsyncDisposable {
  readonly fixture: LaunchFixture
  readonly directory: string
  readonly repositories: Readonly<Record<Role, ServedRepository>>
  readonly secrets: Readonly<Record<Role, string>>
  file(role: Role, name?: string): string
  put(role: Role, secret: string): Promise<void>
  launch(order: LaunchOrder): Promise<Runner>
}

const DONE = [{ do: 'write', path: 'greeting.txt', text: 'hello\n' }] as const
let tokens = 0

function newSecret(protocol: Protocol): string {
  tokens += 1
  return protocol === 'ssh' ? makeSshKey() : `Tk${String(tokens).padStart(4, '0')}${'aB3x'.repeat(5)}`
}

/** The platform repository may be read, the target written, each with a secret of its own. */
async function createSite(platform: Protocol, target: Protocol): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const fixture = stack.use(await createLaunchFixture(RUNNER_MAIN))
  const directory = stack.use(await temporaryDirectory()).path
  const protocols = { platform, target }
  const serve = (role: Role): ServedRepository => {
    served += 1
    return (protocols[role] === 'ssh' ? ssh : https).serve(`team/${role}-${served}.git`, fixture[role])
  }
  const repositories = { platform: serve('platform'), target: serve('target') }
  const secrets = { platform: newSecret(platform), target: newSecret(target) }
  repositories.platform.allow(secrets.platform, 'read')
  repositories.target.allow(secrets.target)
  const file = (role: Role, name: string = FILES[protocols[role]]): string =>
    join(directory, `${FOLDERS[protocols[role]]}-${USERS[role]}`, name)
  const put = async (role: Role, secret: string): Promise<void> => {
    await mkdir(dirname(file(role)), { recursive: true, mode: 0o700 })
    await writeFile(file(role), `${secret}\n`, { mode: 0o600 })
  }
  for (const role of ['platform', 'target'] as const) {
    await put(role, secrets[role])
    if (protocols[role] === 'https') await writeFile(file(role, 'ca.crt'), await readFile(https.caFile))
  }
  await writeFile(join(directory, 'known_hosts'), `${ssh.knownHost}\n`)
  const owned = stack.move()
  return {
    fixture,
    directory,
    repositories,
    secrets,
    file,
    put,
    launch: (order) =>
      fixture.launch({
        ...order,
        change: (given) => {
          const attempt = order.change?.(given) ?? given
          const refOf = (role: Role): object => ({ url: repositories[role].url, githubUser: USERS[role] })
          return {
            ...attempt,
            spec: {
              ...attempt.spec,
              platform: { ...attempt.spec.platform, ...refOf('platform') },
              repository: { ...attempt.spec.repository, ...refOf('target') },
            },
            credentials: { gitEnvironment: {}, secretFiles: [], git: { directory } },
          }
        },
      }),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

async function privateFolders(pid: number): Promise<readonly string[]> {
  const names = await readdir('/dev/shm').catch(() => [])
  return names.filter((name) => name.startsWith(`orchestrator-git-${pid}-`))
}

const hasRun = async (runner: Runner): Promise<boolean> =>
  (await runner.lines()).some((line) => line.kind === 'step' && line.step === 'implementing')

async function failed(runner: Runner): Promise<ResultRecord> {
  expect(await runner.exitCode()).toBe(1)
  return runner.result()
}

describe.skipIf(SKIPPED)('two repositories on one host', { timeout: 60_000 }, () => {
  it.each([
    ['https', 'https'],
    ['https', 'ssh'],
    ['ssh', 'https'],
    ['ssh', 'ssh'],
  ] as const)('are reached by %s and %s, each with its own secret', async (platform, target) => {
    await using site = await createSite(platform, target)
    // As it is mounted: ssh itself refuses a key that its group may read.
    await chmod(site.file('target'), 0o440)
    const runner = await site.launch({ scenario: DONE })
    const code = await runner.exitCode()
    expect(await runner.result()).toMatchObject({ outcome: 'Succeeded' })
    expect(code).toBe(0)
    expect(await site.fixture.target.read(TASK_BRANCH, 'greeting.txt')).toBe('hello\n')
    for (const role of ['platform', 'target'] as const)
      expect(site.repositories[role].asked.filter(({ outcome }) => outcome === 'accepted').length).toBeGreaterThan(1)
    if (target === 'ssh') expect(site.repositories.target.asked.map(({ outcome }) => outcome)).not.toContain('refused')
    expect(await privateFolders(runner.pid)).toEqual([])
  })
})

describe.skipIf(SKIPPED)('a credential that does not hold', { timeout: 60_000 }, () => {
  it.each([
    ['https', 'platform'],
    ['ssh', 'target'],
  ] as const)('over %s, for the %s repository, is found before the agent runs', async (protocol, role) => {
    await using site = await createSite(protocol, protocol)
    site.repositories[role].revoke(site.secrets[role])
    const runner = await site.launch({ scenario: DONE })
    const { reason, message, brief } = await failed(runner)
    expect(reason).toBe('AuthFailed')
    expect(message).toContain(`${site.repositories[role].url} (${role} repository): the `)
    expect(message).toContain(site.file(role))
    expect(message).toContain('put another one there')
    expect(brief).toContain('Correct the credentials that the message names, then retry.')
    expect(await hasRun(runner)).toBe(false)
    expect(message).not.toContain(site.secrets[role])
  })

  it('for pushing is found before the agent runs', async () => {
    await using site = await createSite('https', 'https')
    site.repositories.target.allow(site.secrets.target, 'read')
    const runner = await site.launch({ scenario: DONE })
    const { reason, message } = await failed(runner)
    expect(reason).toBe('AuthFailed')
    expect(message).toContain(
      `the token in ${site.file('target')} was refused (wrong, expired, revoked, or it may not push)`,
    )
    expect(await hasRun(runner)).toBe(false)
  })
})

describe.skipIf(SKIPPED)('in the middle of a run', { timeout: 60_000 }, () => {
  const untilTold = (site: Site): LaunchOrder => ({
    scenario: [
      { do: 'write', path: 'greeting.txt', text: 'hello\n' },
      { do: 'commit', message: 'Greet' },
      { do: 'say', text: 'committed' },
      { do: 'await', path: join(site.fixture.state, 'go-on') },
    ],
  })
  const goOn = async (site: Site): Promise<void> => writeFile(join(site.fixture.state, 'go-on'), '')

  it.each(['https', 'ssh'] as const)(
    'a credential revoked over %s costs nothing: the next attempt pushes',
    async (protocol) => {
      await using site = await createSite(protocol, protocol)
      const runner = await site.launch(untilTold(site))
      await runner.said('committed')
      site.repositories.target.revoke(site.secrets.target)
      await goOn(site)
      const { reason, message, commits, pushedSha } = await failed(runner)
      expect({ reason, pushedSha }).toEqual({ reason: 'AuthFailed', pushedSha: null })
      const sha = commits[0]?.sha
      expect(message).toContain(`its commits are in the workspace (${sha}), and the next attempt goes on from them`)
      expect(message).toContain(site.file('target'))
      expect(await site.fixture.target.branches()).toEqual(['main'])

      const renewed = newSecret(protocol)
      await site.put('target', renewed)
      site.repositories.target.allow(renewed)
      const second = await site.launch({ scenario: [], n: 2 })
      await second.exitCode()
      expect(await second.result()).toMatchObject({ outcome: 'Succeeded', pushedSha: sha })
      expect(await site.fixture.target.sha(TASK_BRANCH)).toBe(sha)
    },
  )

  it.each(['https', 'ssh'] as const)('one that is exchanged over %s just works', async (protocol) => {
    await using site = await createSite(protocol, protocol)
    const runner = await site.launch(untilTold(site))
    await runner.said('committed')
    const renewed = newSecret(protocol)
    site.repositories.target.revoke(site.secrets.target)
    site.repositories.target.allow(renewed)
    await site.put('target', renewed)
    await goOn(site)
    expect(await runner.exitCode()).toBe(0)
    expect(await site.fixture.target.branches()).toEqual([TASK_BRANCH, 'main'].toSorted())
  })
})

describe.skipIf(SKIPPED)('secrets', { timeout: 60_000 }, () => {
  it.each([
    ['https', 'ssh'],
    ['ssh', 'https'],
  ] as const)(
    'of %s and %s are in no argument, environment, URL, configuration or file of the run',
    async (platform, target) => {
      await using site = await createSite(platform, target)
      await using watched = await temporaryDirectory()
      const path = await recordPrograms(watched.path, ['git', 'ssh', 'sh'])
      const runner = await site.launch({
        path,
        scenario: [
          { do: 'keepEnvironment', path: '../shared/environment.json' },
          {
            do: 'run',
            command: ['sh', '-c', 'git remote -v; git config --list --show-origin; env; cat "$HOME"/.[a-z]*; true'],
          },
          { do: 'run', command: ['cat', site.file('platform'), site.file('target')] },
          ...DONE,
        ],
      })
      const seen = new Set<string>()
      const ended = runner.exitCode()
      const isEnded = ended.then(() => true)
      while (!(await Promise.race([isEnded, delay(4, false)]))) for (const text of processTexts()) seen.add(text)
      expect(await ended).toBe(0)

      const needles = Object.values(site.secrets).flatMap((secret) =>
        secret
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('---')),
      )
      const found = new Set<string>()
      const look = (place: string, text: string): void => {
        if (needles.some((needle) => text.includes(needle) || text.includes(Buffer.from(needle).toString('base64'))))
          found.add(place)
      }
      for (const text of seen) look(`a process: ${text.slice(0, 100)}`, text)
      const recorded = await readFile(join(watched.path, 'record'), 'latin1')
      look('a program', recorded)
      let files = 0
      for (const entry of await readdir(site.fixture.state, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue
        files += 1
        const file = join(entry.parentPath, entry.name)
        look(file, await readFile(file, 'latin1'))
      }
      expect([...found]).toEqual([])

      // It was looked at what would show them: helpers and ssh ran, the agent printed them, configurations are there.
      expect(files).toBeGreaterThan(50)
      expect(recorded).toContain('ORCHESTRATOR_GIT_TOKEN_FILE=')
      expect(recorded).toContain('ORCHESTRATOR_GIT_KEY_FILE=')
      expect([...seen].some((text) => text.includes('git-remote-https'))).toBe(true)
      expect(await runner.rawLines()).toContain('[redacted]')
      const environment = await readFile(join(site.fixture.workspace, 'shared/environment.json'), 'utf8')
      expect(environment).not.toMatch(/ORCHESTRATOR_GIT|SSH_AUTH_SOCK|GIT_SSH|GIT_CONFIG/)
      const config = await readFile(join(site.fixture.workspace, 'target-repo/.git/config'), 'utf8')
      expect(config).toContain(`url = "${site.repositories.target.url}"`)
    },
  )
})

/** Programs that write down how they were called before they do what they are for. @returns a PATH with them first */
async function recordPrograms(directory: string, names: readonly string[]): Promise<string> {
  const path = process.env['PATH'] ?? ''
  for (const name of names) {
    const real = path
      .split(':')
      .map((folder) => join(folder, name))
      .find((file) => existsSync(file))
    const script = `#!/bin/bash\n{ printf '%s\\n' "$0" "$@"; env; } >> ${directory}/record\nexec ${real} "$@"\n`
    await writeFile(join(directory, name), script, { mode: 0o755 })
  }
  return `${directory}:${path}`
}

/** Arguments and environment of every process of this machine that may be looked at. */
function* processTexts(): Generator<string> {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    for (const file of ['cmdline', 'environ']) {
      try {
        yield readFileSync(`/proc/${pid}/${file}`, 'latin1')
      } catch {
        // It has ended, or belongs to somebody else.
      }
    }
  }
}
