import { ToolChoice } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { atRealWorkspace, calledAs, missingTools, NO_TOOLS, permissionsFor, planTools } from './tool-plan.ts'

const ROOT = '/state/workspaces/workspace-trader'
const NOTHING = { remoteTools: [], localServers: {} }

/** As the mission's documents write it. */
const CHOICE = {
  remoteTools: ['rustdocs_query_rust_docs', 'brave-search_brave_web_search'],
  localServers: {
    filesystem: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-filesystem', '/workspace'],
      tools: ['read_file', 'list_directory'],
      workingDirectory: 'project_root',
    },
  },
}

function plan(choice: object, hasToolman: boolean): ReturnType<typeof planTools> {
  const attempt = { workspaceDirectory: ROOT, tools: { hasToolman, fallback: NOTHING } }
  return planTools({ choice: ToolChoice.parse(choice), source: 'client-config.json', attempt })
}

describe('a task’s tools', () => {
  it('come through toolman where something is remote: it starts the local servers too', () => {
    const { tools, usesToolman, localServers, clientConfig } = plan(CHOICE, true)
    expect(usesToolman).toBe(true)
    expect(localServers).toEqual({})
    expect(tools.map(calledAs)).toEqual([
      'mcp__toolman__rustdocs_query_rust_docs',
      'mcp__toolman__brave_search_brave_web_search',
      'mcp__toolman__read_file',
      'mcp__toolman__list_directory',
    ])
    expect(clientConfig?.localServers['filesystem']?.args).toEqual([
      '-y',
      '@modelcontextprotocol/server-filesystem',
      ROOT,
    ])
    expect(clientConfig?.remoteTools).toEqual(CHOICE.remoteTools)
  })

  it('are local servers of their own where nothing is remote, in their working directory', () => {
    const { tools, usesToolman, localServers } = plan({ localServers: CHOICE.localServers }, true)
    expect(usesToolman).toBe(false)
    expect(tools.map(calledAs)).toEqual(['mcp__filesystem__read_file', 'mcp__filesystem__list_directory'])
    const { command, args } = localServers['filesystem'] ?? {}
    expect(command).toBe('sh')
    expect(args?.slice(3)).toEqual([ROOT, 'npx', '-y', '@modelcontextprotocol/server-filesystem', ROOT])
  })

  it.each([
    ['project_root', ROOT],
    ['target-repo/docs', `${ROOT}/target-repo/docs`],
    ['/workspace/shared', `${ROOT}/shared`],
    ['/opt/tools', '/opt/tools'],
  ])('start in the right folder: %s', (workingDirectory, folder) => {
    const { localServers } = plan({ localServers: { a: { command: 'x', tools: ['t'], workingDirectory } } }, false)
    expect(localServers['a']?.args[3]).toBe(folder)
  })

  it('cannot be remote without a way to them: said before the agent starts', () => {
    expect(() => plan(CHOICE, false)).toThrow(
      'client-config.json asks for the remote tools rustdocs_query_rust_docs, brave-search_brave_web_search, but no tool server is configured: add "toolman" to the settings file',
    )
  })

  it('may be none', () => {
    expect(plan({}, true)).toEqual(NO_TOOLS)
  })

  it('are allowed by their name and by what a tool server makes of its hyphens', () => {
    expect(permissionsFor([{ server: 'toolman', name: 'brave-search_web' }])).toEqual([
      'mcp__toolman__brave_search_web',
      'mcp__toolman__brave-search_web',
    ])
    expect(permissionsFor([{ server: 'a', name: 'x.y' }])).toEqual(['mcp__a__x_y'])
  })

  it('are named where nobody offers them', () => {
    const planned = [
      { server: 'toolman', name: 'brave-search_web' },
      { server: 'toolman', name: 'rustdoc' },
      { server: 'files', name: 'read' },
    ]
    expect(missingTools(planned, { toolman: ['brave_search_web', 'rustdocs'], files: ['read'] })).toBe(
      'Tools that the task names do not exist: rustdoc (of toolman). toolman offers brave_search_web, rustdocs.',
    )
    expect(missingTools(planned.slice(2), { files: ['read'] })).toBeUndefined()
    expect(missingTools(planned.slice(2), {})).toContain('files offers none')
  })
})

describe('/workspace in a local server’s texts', () => {
  it.each([
    ['/workspace', ROOT],
    ['/workspace/shared', `${ROOT}/shared`],
    ['--root=/workspace/a', `--root=${ROOT}/a`],
    ['/usr/bin:/workspace/bin', `/usr/bin:${ROOT}/bin`],
    ['/workspaces', '/workspaces'],
    ['/home/workspace', '/home/workspace'],
    ['my/workspace/x', 'my/workspace/x'],
  ])('is the real one where it is a path: %s', (text, real) => {
    expect(atRealWorkspace(text, ROOT)).toBe(real)
  })

  it('is replaced as it is written, whatever the workspace is called', () => {
    expect(atRealWorkspace('/workspace/x', '/a/$1$&')).toBe('/a/$1$&/x')
  })
})
