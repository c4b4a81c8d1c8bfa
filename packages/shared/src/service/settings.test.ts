import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadSettings, parseSettings, SettingsError, settingsSchema } from './settings.ts'

const EXAMPLE = fileURLToPath(new URL('../../../../docs/orchestrator.example.yaml', import.meta.url))

async function settingsFile(text: string): Promise<AsyncDisposable & { path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'settings-'))
  const path = join(directory, 'settings.json')
  await writeFile(path, text)
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

/** Each fault as a person reads it. */
async function faultsIn(text: string): Promise<readonly string[]> {
  try {
    await parseSettings(text, 'orchestrator.yaml')
    return []
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
}

describe('loadSettings', () => {
  it('has defaults for everything', async () => {
    const defaults = {
      defaults: {},
      services: {},
      agents: {},
      caps: { agents: {} },
      channels: { webhooks: [] },
      repositories: {},
    }
    await expect(loadSettings(undefined)).resolves.toEqual(defaults)
    await expect(parseSettings('# nothing yet\n', 'x')).resolves.toEqual(defaults)
  })

  it('reads YAML and JSON alike', async () => {
    const yaml =
      'services:\n  trader: { agent: a-1 } # ours\nagents:\n  a-1:\n    adapter: command\n    command: [run, "1"]\n'
    const json =
      '{\n\t"services": {"trader": {"agent": "a-1"}},\n\t"agents": {"a-1": {"adapter": "command", "command": ["run", "1"]}}}'
    expect(await parseSettings(yaml, 'x')).toEqual(await parseSettings(json, 'x'))
    await using file = await settingsFile(json)
    await expect(loadSettings(file.path)).resolves.toMatchObject({ agents: { 'a-1': { command: ['run', '1'] } } })
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

  it('says when it is not there', async () => {
    await expect(loadSettings('/nonexistent/settings.yaml')).rejects.toThrow('cannot read the settings file')
  })
})

describe('a fault', () => {
  it.each([
    [
      'services: { trader: { repositoryURL: x } }',
      '1:23 services.trader.repositoryURL: is no setting here: did you mean repositoryUrl?',
    ],
    ['chanels: {}', '1:1 chanels: is no setting here: did you mean channels?'],
    ['caps:\n  most: 3', '2:3 caps.most: is no setting here: use one of global, agents'],
    ['caps:\n  global: 0', '2:11 caps.global 0: must be at least 1'],
    ['caps:\n  global: 1.5', '2:11 caps.global 1.5: must be a whole number'],
    ['caps: { agents: { a-1: 5000 } }', '1:24 caps.agents.a-1 5000: must be at most 1000'],
    ['defaults:\n  limits:\n    usd: "5"', '3:10 defaults.limits.usd "5": must be a number'],
    ['defaults:\n  limits:\n    wallClockMinutes: 0', '3:23 defaults.limits.wallClockMinutes 0: must be more than 0'],
    ['defaults: { platformBranch: 1.0 }', '1:29 defaults.platformBranch 1: must be a text: put it in quotes'],
    ['limits: { connections: 0 }', '1:24 limits.connections 0: must be at least 1'],
    ['limits: { archiveDays: 90d }', '1:24 limits.archiveDays "90d": must be a number'],
    ['defaults: [a]', '1:11 defaults: must be an object: {...}, or indented lines of "name: value"'],
    ['- a', '1:1 (the whole document): must be an object: {...}, or indented lines of "name: value"'],
    [
      'services:\n  Trader!: {}',
      '2:3 services.Trader!: is no name for it: use lower-case letters, digits and inner hyphens, for example "trader"',
    ],
    [
      'services: { t: { branch: a..b } }',
      '1:26 services.t.branch "a..b": is not a branch name that git accepts, for example "main" or "feature/login"',
    ],
    [
      'agents: { a: { adapter: clade } }',
      '1:25 agents.a.adapter "clade": say how it is driven: use one of command, claude, codex',
    ],
    [
      'agents: { a: { command: [x] } }',
      '1:14 agents.a.adapter: say how it is driven: use one of command, claude, codex',
    ],
    [
      'agents:\n  a: { adapter: command }',
      '2:6 agents.a.command: is missing: it must be a list: [...], or lines that begin with "- "',
    ],
    ['agents: { a: { adapter: command, command: [] } }', '1:43 agents.a.command: must have at least 1 entries'],
    [
      'agents: { a: { adapter: codex, credentials: { K: key } } }',
      '1:50 agents.a.credentials.K "key": must be an absolute path',
    ],
    [
      'channels: { webhooks: [{ name: a, url: "ftp://x" }] }',
      '1:40 channels.webhooks.0.url "ftp://x": is no address: use https://host/path',
    ],
    [
      'channels:\n  webhooks:\n    - { name: a, url: "https://h", concurrency: 0 }',
      '3:49 channels.webhooks.0.concurrency 0: must be at least 1',
    ],
    [
      'channels: { webhooks: [{ name: a, url: "https://h" }, { name: a, url: "https://i" }] }',
      '1:11 channels: names of webhooks must differ',
    ],
    ['// old\ncaps: {}', '1:1 (the whole document): is neither YAML nor JSON there: '],
    [
      'caps: { global: 1 }\ncaps: { global: 2 }',
      '2:1 (the whole document): is neither YAML nor JSON there: Map keys must be unique',
    ],
    ['caps: !include other.yaml', '1:7 (the whole document): is neither YAML nor JSON there: Unresolved tag: !include'],
    ['caps: *nothing', '1:1 (the whole document): is neither YAML nor JSON there: Unresolved alias'],
    ['__proto__: { caps: 1 }', '1:1 __proto__: is no setting here'],
  ])('in %j is told with its place, its value and what to write: %s', async (text, fault) => {
    const faults = await faultsIn(text)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  it('is told together with all others, in the order of the file', async () => {
    const faults = await faultsIn('caps:\n  global: 0\nservices:\n  t:\n    branch: 7\n    agnt: a\nchanels: {}\n')
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['2:11', '5:13', '6:5', '7:1'])
  })

  it('is the same in JSON', async () => {
    expect(await faultsIn('{\n\t"caps": {\n\t\t"global": 0\n\t}\n}')).toEqual([
      '3:13 caps.global 0: must be at least 1',
    ])
  })

  it('shows a value without what a terminal obeys', async () => {
    const [fault] = await faultsIn('services: { t: { branch: "a\\u001b[2J\\u202e" } }')
    expect(fault).not.toContain('\u001B')
    expect(fault).not.toContain('\u202E')
  })

  it.each([
    [
      'agents: { a: { adapter: claude, environment: { ANTHROPIC_API_KEY: hunter22 } } }',
      'name that under credentials: {"ANTHROPIC_API_KEY": "/path/of/the/file"}',
    ],
    ['agents: { a: { adapter: command, command: [x, --key, sk-ant-hunter22hunter22hunter22] } }', 'credentials'],
    [
      'channels: { webhooks: [{ name: a, url: "https://h", secret: hunter22 }] }',
      'only the paths of files that hold them',
    ],
    ['channels: { webhooks: [{ name: a, url: "https://ada:hunter22@h" }] }', 'name that in secretFile'],
    [
      'channels: { webhooks: [{ name: a, url: "https://h", secretFile: whsec_hunter22hunter22 }] }',
      'name that in secretFile',
    ],
    ['defaults: { platformRepositoryUrl: "https://x:hunter22@github.com/o/p" }', 'configure it as a credential'],
    [
      'services: { t: { tools: { localServers: { s: { command: x, tools: [y], env: { T: ghp_hunter22hunter22hunter22 } } } } } }',
      'never in this file',
    ],
  ])('is a secret in the file, which is never shown: %s', async (text, remedy) => {
    const faults = await faultsIn(text)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(remedy)
    expect(faults[0]).not.toContain('hunter22')
  })

  it('is all that any text comes to, settings apart', async () => {
    const word = fc.constantFrom(
      'services',
      'agents',
      'caps',
      'a',
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '\n',
      '  ',
      '- ',
      '&x',
      '*x',
      '"',
      '1',
      '!t',
      '<<',
      '\u0000',
    )
    const text = fc.array(fc.oneof(word, fc.string())).map((words) => words.join(''))
    await fc.assert(
      fc.asyncProperty(text, async (any) => {
        await faultsIn(any)
      }),
    )
  })

  it('is told quickly where references to references would fill the memory', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array.from({ length: 9 }, () => `*l${level}`).join(', ')}]`,
    )
    const [fault] = await faultsIn(['l0: &l0 lol', ...levels].join('\n'))
    expect(fault).toContain('Excessive alias count')
  })
})

describe('the example', () => {
  it('is valid, and has every setting there is', async () => {
    await expect(loadSettings(EXAMPLE)).resolves.toMatchObject({ services: { trader: {} } })
    const text = await readFile(EXAMPLE, 'utf8')
    const names = new Set(propertyNames(settingsSchema()))
    expect([...names].filter((name) => !text.includes(`${name}:`))).toEqual([])
  })
})

function propertyNames(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : []
  return [...own, ...Object.values(schema).flatMap(propertyNames)]
}
