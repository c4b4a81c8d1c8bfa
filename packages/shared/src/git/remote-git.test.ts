/** Against real servers that ask who is there. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  createGitRemote,
  type GitRemote,
  type HttpsGitServer,
  makeSshKey,
  type ServedRepository,
  skippedWithoutGitServers,
  type SshGitServer,
  startConnectProxy,
  startHttpsGitServer,
  startSshGitServer,
  temporaryDirectory,
  type TemporaryDirectory,
} from '@orchestrator/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OrchestratorError } from '../core/index.ts'
import type { CredentialSource } from './credential-choice.ts'
import { createGit } from './git.ts'
import { gitProxies } from './proxies.ts'
import { createRemoteGit } from './remote-git.ts'

const PATH = process.env['PATH'] ?? '/usr/bin:/bin'
const SKIPPED = skippedWithoutGitServers('git and its credentials')
const USER = 'Trader-Bot'
const TOKEN = 'T0ken-Of-The-Trader-0123456789'
const KEY = makeSshKey()

let https: HttpsGitServer
let ssh: SshGitServer
let remote: GitRemote
let directory: TemporaryDirectory
let overHttps: ServedRepository
let overSsh: ServedRepository
let count = 0

beforeAll(async () => {
  ;[https, ssh, remote] = await Promise.all([
    startHttpsGitServer(),
    startSshGitServer(),
    createGitRemote({ files: { 'README.md': 'Hello.\n' } }),
  ])
})
afterAll(async () => {
  for (const each of [https, ssh, remote]) await each[Symbol.asyncDispose]()
})
beforeEach(async () => {
  count += 1
  directory = await temporaryDirectory()
  overHttps = https.serve(`team/Trader-${count}.git`, remote)
  overSsh = ssh.serve(`team/Trader-${count}.git`, remote)
  overHttps.allow(TOKEN)
  overSsh.allow(KEY)
  await put('known_hosts', `${ssh.knownHost}\n`)
})
afterEach(async () => {
  await directory[Symbol.asyncDispose]()
})

const at = (path: string): string => join(directory.path, 'credentials', path)

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true, mode: 0o700 })
  await writeFile(at(path), text, { mode: 0o600 })
}

async function putToken(name = `github-pat-${USER}`, token = TOKEN): Promise<void> {
  await put(`${name}/token`, `${token}\n`)
  await put(`${name}/ca.crt`, await readFile(https.caFile, 'utf8'))
}

interface Call {
  readonly repository?: ServedRepository
  readonly url?: string
  readonly source?: Partial<CredentialSource>
  readonly args?: readonly string[]
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

async function ask({ repository = overHttps, url = repository.url, source = {}, ...call }: Call = {}): Promise<string> {
  const plain = createGit({
    executable: 'git',
    home: '/nonexistent',
    environment: { PATH, ...call.environment },
    secrets: [],
  })
  const git = createRemoteGit({
    git: plain,
    remote: { role: 'target', url, githubUser: USER },
    source: {
      directory: at('.').replace(/\/$/, ''),
      reference: undefined,
      userHome: undefined,
      hasSshAgent: false,
      ...source,
    },
  })
  const { args = ['ls-remote', '--heads', url], cwd = directory.path } = call
  return (await git.run({ args, cwd, signal: new AbortController().signal })).stdout
}

async function refusal(call: Call = {}): Promise<{ readonly code: string; readonly message: string }> {
  const answer: unknown = await ask(call).catch((error: unknown) => error)
  if (answer instanceof OrchestratorError) return answer
  throw new Error(`it was not refused: ${String(answer)}`)
}

const HEADS = expect.stringMatching(/\trefs\/heads\/main\n/)

describe.skipIf(SKIPPED)('a token', () => {
  it.each([
    ['of the account', `github-pat-${USER}`, undefined],
    ['of the account, in the small letters that Kubernetes asks for', `github-pat-${USER.toLowerCase()}`, undefined],
    ['that the settings name', 'deploy.key-1', 'deploy.key-1'],
  ])('%s opens the repository', async (_, name, reference) => {
    await putToken(name)
    expect(await ask({ source: { reference } })).toEqual(HEADS)
  })

  it('may stand in a folder with any name, and end as other systems end lines, or not at all', async () => {
    const odd = join(directory.path, `it's "$HOME" \`id\` %h #1`)
    for (const text of [TOKEN, `${TOKEN}\r\n`, `${TOKEN}\nsecond line\n`]) {
      await putToken()
      await writeFile(at(`github-pat-${USER}/token`), text)
      execFileSync('rm', ['-rf', odd])
      execFileSync('cp', ['-r', at('.'), odd])
      expect(await ask({ source: { directory: odd } })).toEqual(HEADS)
    }
  })

  it('opens it through a proxy too, which sees the host alone', async () => {
    await putToken()
    await using proxy = await startConnectProxy()
    expect(await ask({ environment: gitProxies({ HTTPS_PROXY: proxy.url }).environment })).toEqual(HEADS)
    expect(proxy.asked.join()).toContain(`localhost:${https.port}`)
    expect(proxy.asked.join()).not.toContain(TOKEN)
  })

  it('goes with a user name where the host wants a certain one', async () => {
    await putToken()
    await put(`github-pat-${USER}/username`, 'oauth2\n')
    await ask()
    expect(overHttps.asked.at(-1)).toMatchObject({ user: 'oauth2', outcome: 'accepted' })
  })

  it('of one repository is not shown to another on the same host', async () => {
    await putToken()
    const other = https.serve(`team/other-${count}.git`, remote)
    expect(await refusal({ args: ['ls-remote', other.url] })).toMatchObject({ code: 'GIT_AUTH_FAILED' })
    expect(other.asked.map(({ user }) => user)).toEqual([undefined])
  })

  it('is read anew at each call', async () => {
    await putToken()
    await ask()
    overHttps.revoke(TOKEN)
    overHttps.allow('another-one-0123456789')
    expect(await refusal()).toMatchObject({ code: 'GIT_AUTH_FAILED' })
    await putToken(undefined, 'another-one-0123456789')
    expect(await ask()).toEqual(HEADS)
  })

  it('that was refused, or may not push, is named with its file and what to do', async () => {
    await putToken()
    overHttps.allow(TOKEN, 'read')
    const args = ['--git-dir=.', 'push', '--dry-run', overHttps.url, 'main:refs/heads/x']
    const file = `${overHttps.url} (target repository): the token in ${at(`github-pat-${USER}/token`)} was refused`
    expect((await refusal({ args, cwd: remote.path })).message).toContain(
      `${file} (wrong, expired, revoked, or it may not push)`,
    )
    overHttps.revoke(TOKEN)
    const { code, message } = await refusal()
    expect(code).toBe('GIT_AUTH_FAILED')
    expect(message).toBe(
      `${file} (wrong, expired, revoked, or it may not read it): put another one there; it is read anew at each call, so retry once it is right. In git's words`,
    )
  })

  it('is not sent in the clear to another machine', async () => {
    await putToken()
    const { message } = await refusal({ url: 'http://git.example.com/x.git' })
    expect(message).toContain('is not sent over plain HTTP')
  })
})

describe.skipIf(SKIPPED)('a key', () => {
  it.each([
    ['of the account', `github-ssh-${USER}`, undefined],
    ['that the settings name', 'trader-deploy-key', 'trader-deploy-key'],
  ])('%s opens the repository', async (_, name, reference) => {
    await put(`${name}/ssh-privatekey`, KEY)
    expect(await ask({ repository: overSsh, source: { reference } })).toEqual(HEADS)
  })

  it('may be one that its group may read, without a line end or with those of another system, in a folder with any name', async () => {
    await put(`github-ssh-${USER}/ssh-privatekey`, KEY.trimEnd().replaceAll('\n', '\r\n'))
    await chmod(at(`github-ssh-${USER}/ssh-privatekey`), 0o440)
    const odd = join(directory.path, `it's "$HOME" \`id\` %h #1`)
    execFileSync('cp', ['-rp', at('.'), odd])
    expect(await ask({ repository: overSsh, source: { directory: odd } })).toEqual(HEADS)
    expect((await readdir('/dev/shm')).filter((name) => name.startsWith(`orchestrator-git-${process.pid}-`))).toEqual(
      [],
    )
  })

  it('is the only one that is offered, whatever agent there is', async () => {
    await put(`github-ssh-${USER}/ssh-privatekey`, makeSshKey())
    await using agent = await startAgent(KEY)
    const withAgent = {
      repository: overSsh,
      environment: { SSH_AUTH_SOCK: agent.socket },
      source: { hasSshAgent: true },
    }
    const { message } = await refusal(withAgent)
    expect(message).toContain(`the key in ${at(`github-ssh-${USER}/ssh-privatekey`)} was refused`)
    execFileSync('rm', ['-r', at(`github-ssh-${USER}`)])
    expect(await ask(withAgent)).toEqual(HEADS)
  })

  it.each([
    ['with a passphrase', 'is protected by a passphrase'],
    ['with a passphrase, in the older form,', 'is protected by a passphrase'],
    ['cut in half', 'is no private key that ssh can read'],
  ])('%s is told apart', async (what, text) => {
    const path = `github-ssh-${USER}/ssh-privatekey`
    await put(path, what.startsWith('cut') ? KEY.slice(0, 200) : KEY)
    const form = what.includes('older') ? ['-m', 'PEM'] : []
    if (what.startsWith('with a passphrase'))
      execFileSync('ssh-keygen', ['-q', '-p', ...form, '-P', '', '-N', 'a passphrase', '-f', at(path)])
    expect((await refusal({ repository: overSsh })).message).toContain(text)
  })

  it.each(['ssh://git@-oProxyCommand=touch%20bitten/x', 'ssh://-oProxyCommand=touch%20bitten/x'])(
    'cannot be made to run something by %s',
    async (url) => {
      await put(`github-ssh-${USER}/ssh-privatekey`, KEY)
      await expect(ask({ url })).rejects.toThrow()
      expect(await readdir(directory.path)).toEqual(['credentials'])
    },
  )
})

describe.skipIf(SKIPPED)('a host', () => {
  it('that is not known is refused, with the command that fetches its key', async () => {
    await put(`github-ssh-${USER}/ssh-privatekey`, KEY)
    execFileSync('rm', [at('known_hosts')])
    const { code, message } = await refusal({ repository: overSsh })
    expect(code).toBe('GIT_AUTH_FAILED')
    expect(message).toContain(`the host key of 127.0.0.1 is not known`)
    expect(message).toContain(`"ssh-keyscan -p ${ssh.port} 127.0.0.1 >> ${at('known_hosts')}"`)
    expect(overSsh.asked).toEqual([])
  })

  it('whose key has changed is refused', async () => {
    await put(`github-ssh-${USER}/ssh-privatekey`, KEY)
    await using other = await startSshGitServer()
    await put('known_hosts', `${other.knownHost.replace(String(other.port), String(ssh.port))}\n`)
    expect((await refusal({ repository: overSsh })).message).toContain(`is another one than in ${at('known_hosts')}`)
    expect(overSsh.asked).toEqual([])
  })

  it('whose certificate nobody vouches for is refused', async () => {
    await putToken()
    execFileSync('rm', [at(`github-pat-${USER}/ca.crt`)])
    const { message } = await refusal()
    expect(message).toContain(`put that one's certificate into ${at(`github-pat-${USER}/ca.crt`)}, beside the token`)
    expect(overHttps.asked).toEqual([])
  })
})

describe.skipIf(SKIPPED)('what is not there', () => {
  it.each([
    ['by https', 'it wants a credential, and there is none: put a token into'],
    ['by ssh', 'there is no private key for it, since'],
  ])('%s is named with the place where it was looked for', async (way, text) => {
    if (way === 'by https') await put(`github-pat-${USER}/ca.crt`, await readFile(https.caFile, 'utf8'))
    const { code, message } = await refusal({ repository: way === 'by ssh' ? overSsh : overHttps })
    expect(code).toBe('GIT_AUTH_FAILED')
    expect(message).toContain(text)
    expect(message).toContain(at(way === 'by ssh' ? `github-ssh-${USER}/ssh-privatekey` : `github-pat-${USER}/token`))
  })

  it.each([
    ['https', 'token'],
    ['ssh', 'ssh-privatekey'],
  ])('over %s is an error where the settings name it', async (way, file) => {
    await putToken()
    await put(`github-ssh-${USER}/ssh-privatekey`, KEY)
    const repository = way === 'ssh' ? overSsh : overHttps
    const { message } = await refusal({ repository, source: { reference: 'other' } })
    expect(message).toContain(
      `the settings name the credential "other" for it, but ${at(`other/${file}`)} is not there`,
    )
    expect(repository.asked).toEqual([])
  })

  it('is nothing to a repository that anybody may read', async () => {
    expect(await ask({ url: remote.url })).toEqual(HEADS)
  })
})

describe.skipIf(SKIPPED)('a file', () => {
  it('that every user of the machine may read is refused, unless they cannot get there', async () => {
    await putToken()
    await chmod(at(`github-pat-${USER}/token`), 0o644)
    expect(await ask()).toEqual(HEADS)
    for (const folder of ['.', `github-pat-${USER}`]) await chmod(at(folder), 0o755)
    const { message } = await refusal()
    expect(message).toContain(
      `may be read by every user of the machine: run "chmod -R o= ${at('.').replace(/\/$/, '')}"`,
    )
  })

  it('that is empty is named', async () => {
    await putToken()
    await writeFile(at(`github-pat-${USER}/token`), '')
    expect((await refusal()).message).toContain('is empty: put the credential there')
  })
})

describe.skipIf(SKIPPED)("a person's own", () => {
  it('git helpers are asked where there is no token, and nothing of theirs is changed', async () => {
    await put(`github-pat-${USER}/ca.crt`, await readFile(https.caFile, 'utf8'))
    const home = join(directory.path, 'home')
    await mkdir(home)
    await writeFile(join(home, '.gitconfig'), '[credential]\n\thelper = store\n')
    const stored = `https://bob:${TOKEN}@localhost%3a${https.port}\n`
    await writeFile(join(home, '.git-credentials'), stored, { mode: 0o600 })
    expect(await ask({ source: { userHome: home } })).toEqual(HEADS)
    expect(overHttps.asked.at(-1)).toMatchObject({ user: 'bob' })
    overHttps.revoke(TOKEN)
    const { message } = await refusal({ source: { userHome: home } })
    expect(message).toContain(`the git helpers of ${home} have nothing that it accepts`)
    expect(await readFile(join(home, '.git-credentials'), 'utf8')).toBe(stored)
  })

  it('SSH configuration counts where there is no key', async () => {
    const home = join(directory.path, 'home')
    await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 })
    const own = makeSshKey()
    overSsh.allow(own)
    await writeFile(join(home, '.ssh/id'), own, { mode: 0o600 })
    await writeFile(join(home, '.ssh/config'), `IdentityFile ${home}/.ssh/id\nIdentitiesOnly yes\n`, { mode: 0o600 })
    expect(await ask({ repository: overSsh, source: { userHome: home } })).toEqual(HEADS)
    const alias = `Host forge\n  HostName 127.0.0.1\n  Port ${ssh.port}\n`
    await writeFile(join(home, '.ssh/config'), `IdentityFile ${home}/.ssh/id\n${alias}`)
    expect(await ask({ url: `git@forge:team/Trader-${count}.git`, source: { userHome: home } })).toEqual(HEADS)
    overSsh.revoke(own)
    const { message } = await refusal({ repository: overSsh, source: { userHome: home } })
    expect(message).toContain('the SSH keys and agent of the user have nothing that it accepts: add a key with ssh-add')
  })
})

interface Agent extends AsyncDisposable {
  readonly socket: string
}

async function startAgent(key: string): Promise<Agent> {
  const socket = join(directory.path, 'agent.sock')
  const said = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' })
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1])
  execFileSync('ssh-add', ['-q', '-'], { input: key, env: { PATH, SSH_AUTH_SOCK: socket } })
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      process.kill(pid)
      return await Promise.resolve()
    },
  }
}
