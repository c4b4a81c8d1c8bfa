/** Repositories that ask who is there, from the settings and the directory of credentials to the pushed branch. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  createGitRemote,
  makeSshKey,
  scriptedAgentCommand,
  skippedWithoutGitServers,
  startConnectProxy,
  startHttpsGitServer,
  startSshGitServer,
} from '@orchestrator/testing'
import { expect, it } from 'vitest'
import { type SettingsInput, startInstallation } from './support/installation.ts'
import { createPlatform } from './support/repositories.ts'

it.skipIf(skippedWithoutGitServers('an installation with credentials'))(
  'an installation reaches each repository by its own credential: by account, or as the settings say',
  async () => {
    await using https = await startHttpsGitServer()
    await using ssh = await startSshGitServer()
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createGitRemote({ files: { 'README.md': '# Trader\n' } })
    const documents = https.serve('team/platform.git', platform)
    const trader = ssh.serve('team/trader.git', target)
    const [token, key] = ['T0ken0123456789abcdef', makeSshKey()]
    documents.allow(token, 'read')
    trader.allow(key)
    await using proxy = await startConnectProxy()
    const settings = {
      defaults: { platformRepositoryUrl: documents.url, agent: 'scripted' },
      services: { trader: { repositoryUrl: trader.url, workingDirectory: '.' } },
      repositories: { [trader.url.replace(/\.git$/, '')]: { credential: 'trader-deploy-key' } },
      agents: {
        scripted: {
          adapter: 'command',
          command: scriptedAgentCommand([{ do: 'write', path: 'greeting.txt', text: 'hello\n' }]),
          githubUser: 'Trader-Bot',
        },
      },
    } satisfies SettingsInput
    await using installation = await startInstallation(settings, { environment: { HTTPS_PROXY: proxy.url } })
    const { api, stateDirectory } = installation
    const nothing = await api.finished((await api.submit({ service: 'trader', taskId: '1' })).attempt)
    expect(nothing).toMatchObject({ phase: 'Failed', reason: 'AuthFailed' })
    const token1 = join(stateDirectory, 'credentials/github-pat-Trader-Bot/token')
    expect(nothing.message).toContain(`put that one's certificate into ${dirname(token1)}/ca.crt`)

    const put = async (path: string, text: string): Promise<void> => {
      const file = join(stateDirectory, 'credentials', path)
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(`${file}.new`, text, { mode: 0o600 })
      await rename(`${file}.new`, file)
    }
    await put('github-pat-trader-bot/token', token)
    await put('github-pat-trader-bot/ca.crt', await readFile(https.caFile, 'utf8'))
    await put('known_hosts', ssh.knownHost)
    const keyless = await api.finished((await api.submit({ service: 'trader', taskId: '1' })).attempt)
    expect(keyless).toMatchObject({ phase: 'Failed', reason: 'AuthFailed' })
    expect(keyless.message).toContain('the settings name the credential "trader-deploy-key" for it')

    await put('trader-deploy-key/ssh-privatekey', key)
    const done = await api.finished((await api.submit({ service: 'trader', taskId: '1' })).attempt)
    expect(done).toMatchObject({ phase: 'Succeeded' })
    expect(proxy.asked.join()).toContain(new URL(documents.url).host)
    expect(await target.read('feature/task-1-implementation', 'greeting.txt')).toBe('hello\n')
  },
  60_000,
)
