import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadSettings } from './settings.ts'

async function settingsFile(text: string): Promise<AsyncDisposable & { path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'settings-'))
  const path = join(directory, 'settings.json')
  await writeFile(path, text)
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

describe('loadSettings', () => {
  it('has defaults for everything', async () => {
    await expect(loadSettings(undefined)).resolves.toEqual({
      defaults: {},
      services: {},
      agents: {},
      caps: { agents: {} },
      channels: { webhooks: [] },
    })
  })

  it('names file and fields at fault, a mistyped field included', async () => {
    await using file = await settingsFile('{"services":{"trader":{"repositoryURL":"x"}},"caps":{"global":0}}')
    await expect(loadSettings(file.path)).rejects.toThrow(
      /settings\.json is not valid:\n.*services\.trader.*repositoryURL[^]*caps\.global/,
    )
  })

  it('names remote tools that nothing leads to, and is content once something does', async () => {
    const tools = { remoteTools: ['search'] }
    const settings = { defaults: { tools }, services: { trader: { tools } } }
    await using file = await settingsFile(JSON.stringify(settings))
    await expect(loadSettings(file.path)).rejects.toThrow(
      /defaults\.tools\.remoteTools[^]*services\.trader\.tools\.remoteTools/,
    )
    await expect(loadSettings(file.path)).rejects.toThrow('remote tools need "toolman"')
    await using whole = await settingsFile(JSON.stringify({ ...settings, toolman: { command: ['toolman-client'] } }))
    await expect(loadSettings(whole.path)).resolves.toMatchObject({
      services: { trader: { tools: { remoteTools: ['search'], localServers: {} } } },
      toolman: { serverUrl: 'http://toolman.mcp.svc.cluster.local:3000/mcp' },
    })
  })

  it('says when it is not JSON or not there', async () => {
    await using file = await settingsFile('{ // comment\n}')
    await expect(loadSettings(file.path)).rejects.toThrow('is not JSON (comments are not allowed)')
    await expect(loadSettings(`${file.path}.missing`)).rejects.toThrow('cannot read the settings file')
  })
})
