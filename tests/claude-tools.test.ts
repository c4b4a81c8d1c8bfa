import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGitRemote, startToolmanServer, type ToolmanServer, toolServerCommand } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgentSite, CLAUDE, type Ran, sayWhenSkipped, startAgentSite } from './support/agent-site.ts'

sayWhenSkipped('Claude Code', CLAUDE, 'scripts/claude')

const config = (id: number): string => `.taskmaster/tasks/task-${id}/client-config.json`
const local = (server: object): string => JSON.stringify({ localServers: { files: server } })

const files = toolServerCommand('read_note', 'unused')
const DOCUMENTS = {
  [config(1)]: JSON.stringify({
    remoteTools: ['rustdocs_query_rust_docs', 'brave-search_brave_web_search'],
    localServers: { files: { ...files, tools: ['read_note'] } },
  }),
  [config(2)]: local({ ...files, args: [...files.args, '--', '/workspace/shared'], tools: ['read_note'] }),
  [config(3)]: JSON.stringify({ remoteTools: ['rustdocs_query_rust_docs', 'rustdocs_guess'] }),
  [config(4)]: local({ command: '/no/such/server', tools: ['read_note'] }),
  [config(5)]: local({ ...files, tools: ['write_note'] }),
  [config(8)]: local({ command: 'false', tools: ['read_note'] }),
  [config(6)]: '{\n  "remoteTools": [\n    "rustdocs_query_rust_docs" // always first\n  ]\n}\n',
}

let toolman: ToolmanServer
let site: AgentSite

const CALL = { query: 'HashMap insert' }
function toolsUsed({ lines }: Ran): readonly unknown[] {
  return lines.flatMap((line) => (line.kind === 'tool' && line.tool.startsWith('mcp__') ? [[line.tool, line.ok]] : []))
}

describe.skipIf(CLAUDE === undefined)('the tools of a task', { timeout: 90_000 }, () => {
  beforeAll(async () => {
    toolman = await startToolmanServer({
      rustdocs_query_rust_docs: 'insert returns the old value',
      'brave-search_brave_web_search': 'three crates',
      kubernetes_listResources: 'pods',
    })
    site = await startAgentSite('claude', await createGitRemote({ files: { 'Cargo.toml': '[package]\n' } }), {
      documents: DOCUMENTS,
      settings: { toolman: { command: [...toolman.client], serverUrl: toolman.url } },
    })
  })
  afterAll(async () => {
    await site[Symbol.asyncDispose]()
    await toolman[Symbol.asyncDispose]()
  })

  /** Submits a task that must not cost a single request. */
  async function refused(taskId: string): Promise<Ran['view']> {
    const before = site.model.requests.length
    const { view } = await site.run('quick-success', { taskId })
    expect(site.model.requests.length).toBe(before)
    return view
  }

  it('are called through toolman, and their answers are used', async () => {
    const ran = await site.run('uses-remote-tools', { taskId: '1' })
    expect(site.model.failures).toEqual([])
    expect(ran.view.phase).toBe('Succeeded')
    expect(toolsUsed(ran)).toEqual([
      ['mcp__toolman__rustdocs_query_rust_docs', true],
      ['mcp__toolman__brave_search_brave_web_search', true],
      ['mcp__toolman__read_note', true],
    ])
    const workingDirectory = site.installation.workspace('trader')
    expect(toolman.calls).toEqual([
      { name: 'rustdocs_query_rust_docs', arguments: CALL, workingDirectory },
      { name: 'brave-search_brave_web_search', arguments: CALL, workingDirectory },
    ])
    const { system } = site.model.requests.at(-1) ?? { system: '' }
    expect(system).toContain(
      '- `mcp__toolman__rustdocs_query_rust_docs`\n- `mcp__toolman__brave_search_brave_web_search`\n',
    )
    expect(system).toContain('### Rust: documentation')
    expect(system).toContain('rust <feature> crate recommendations')
    expect(system).not.toMatch(/kubernetes_listResources|orchestrator:|Front end:/)
    const guidelines = await readFile(join(workingDirectory, 'coding-guidelines.md'), 'utf8')
    expect(guidelines.match(/^## .*$/gm)).toEqual(['## For every language', '## Tests', '## Rust'])
  })

  it('may be local servers alone, started in the workspace with its real paths', async () => {
    const ran = await site.run('uses-local-tools', { taskId: '2' })
    expect(site.model.failures).toEqual([])
    // What the choice does not name is there and refused.
    expect(toolsUsed(ran)).toEqual([
      ['mcp__files__read_note', true],
      ['mcp__files__unused', false],
    ])
  })

  it('that do not exist are named before a token is spent', async () => {
    expect(await refused('3')).toMatchObject({
      phase: 'Failed',
      reason: 'ToolsUnavailable',
      message:
        'Tools that the task names do not exist: rustdocs_guess (of toolman). toolman offers rustdocs_query_rust_docs.',
    })
  })

  it('whose server does not start end the attempt before a token is spent', async () => {
    expect(await refused('4')).toMatchObject({
      phase: 'Failed',
      reason: 'ToolsUnavailable',
      message:
        'the local tool server "files" cannot start: the program "/no/such/server" is not there or cannot be run.',
    })
    expect(await refused('8')).toMatchObject({
      phase: 'Failed',
      reason: 'ToolsUnavailable',
      message: expect.stringMatching(/^Tool servers that the task needs are not connected: files \(/),
    })
    expect(await refused('5')).toMatchObject({
      reason: 'ToolsUnavailable',
      message: 'Tools that the task names do not exist: write_note (of files). files offers read_note, unused.',
    })
  })

  it('in a file that is no JSON are led to its line', async () => {
    expect(await refused('6')).toMatchObject({
      phase: 'Failed',
      reason: 'ConfigurationInvalid',
      message: expect.stringContaining(`${config(6)}, line 3, is not valid JSON`),
    })
  })

  it('are none where nobody names any, and toolman is not needed', async () => {
    const ran = await site.run('quick-success', { taskId: '7' })
    expect(ran.view.phase).toBe('Succeeded')
    const { system, tools } = site.model.requests.at(-1) ?? { system: '', tools: [] }
    expect(system).toContain('This task has no tools beside your own.')
    expect(tools.filter((tool) => tool.startsWith('mcp__'))).toEqual([])
  })
})
