import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  createGitRemote,
  makeSshKey,
  skippedWithoutGitServers,
  startHttpsGitServer,
  startSshGitServer,
  temporaryDirectory,
} from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'

describe.skipIf(skippedWithoutGitServers('doctor and git credentials'))('doctor', () => {
  it('tries each credential at the repositories of the settings, and says how to mend what fails', async () => {
    await using directory = await temporaryDirectory()
    await using https = await startHttpsGitServer()
    await using ssh = await startSshGitServer()
    await using remote = await createGitRemote({ files: { 'README.md': 'Hello.\n' } })
    const [platform, trader, web] = [
      https.serve('team/platform.git', remote),
      ssh.serve('team/trader.git', remote),
      https.serve('team/web.git', remote),
    ]
    const token = 'T0ken-of-the-bot-0123456789'
    const key = makeSshKey()
    platform.allow(token, 'read')
    web.allow(token, 'read')
    trader.allow(key)
    const credentials = join(directory.path, 'credentials')
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(credentials, path)), { recursive: true, mode: 0o700 })
      await writeFile(join(credentials, path), text, { mode: 0o600 })
    }
    await put('github-pat-bot/token', token)
    await put('github-pat-bot/ca.crt', await readFile(https.caFile, 'utf8'))
    await put('trader-key/ssh-privatekey', key)
    await put('known_hosts', ssh.knownHost)
    const settings = join(directory.path, 'settings.json')
    await writeFile(
      settings,
      JSON.stringify({
        defaults: { platformRepositoryUrl: platform.url, agent: 'bot' },
        services: { trader: { repositoryUrl: trader.url }, web: { repositoryUrl: web.url } },
        repositories: { [trader.url]: { credential: 'trader-key' } },
        agents: { bot: { adapter: 'command', command: ['true'] } },
      }),
    )
    const environment = {
      PATH: process.env['PATH'] ?? '',
      ORCHESTRATOR_STATE_DIR: join(directory.path, 'state'),
      CREDENTIALS_DIR: credentials,
    }
    const linesOf = async (): Promise<string> => {
      const { out } = await run(['doctor', '--config', settings], { environment })
      expect(out).not.toContain(token)
      return out
    }
    const first = await linesOf()
    expect(first).toContain(`ok    Git credentials: ${credentials} (github-pat-bot, trader-key)\n`)
    expect(first).toContain(
      `ok    Repository ${platform.url} (platform, as bot): can be read with the token in ${credentials}/github-pat-bot/token\n`,
    )
    expect(first).toContain(
      `ok    Repository ${trader.url} (target, by trader-key): can be read and pushed to with the key in ${credentials}/trader-key/ssh-privatekey\n`,
    )
    expect(first).toContain(
      `fail  Repository ${web.url} (target, as bot): the token in ${credentials}/github-pat-bot/token was refused (wrong, expired, revoked, or it may not push)\n      → put another one there; it is read anew at each call`,
    )
    expect(await remote.branches()).toEqual(['main'])

    trader.revoke(key)
    web.allow(token)
    await chmod(credentials, 0o755)
    const second = await linesOf()
    expect(second).toContain(
      `fail  Git credentials: ${credentials} is open to every user of the machine\n      → run "chmod -R o= ${credentials}"`,
    )
    expect(second).toContain(`fail  Repository ${trader.url} (target, by trader-key): the key in`)
    expect(second).toContain('      → add its public part to the account or as a deploy key, or put another one there')
    expect(second).toContain(`ok    Repository ${web.url} (target, as bot): can be read and pushed to`)

    await rm(credentials, { recursive: true })
    await writeFile(credentials, 'a token\n', { mode: 0o600 })
    const third = await linesOf()
    expect(third).toContain(`fail  Git credentials: ${credentials} cannot be read: ENOTDIR`)
    expect(third).toContain('      → make it a directory that this user may read')
  })
})
