import { describe, expect, it } from 'vitest'
import { completeText, type Knowledge } from './complete-text.ts'
import { NO_TOOLS } from './tool-plan.ts'

const NOTHING: Knowledge = { tools: NO_TOOLS, languages: [] }
const LOCAL: Knowledge = {
  tools: {
    tools: [{ server: 'files', name: 'read-file' }],
    usesToolman: false,
    localServers: { files: { type: 'stdio', command: 'x', args: [], env: {} } },
    clientConfig: undefined,
  },
  languages: ['rust'],
}
const REMOTE: Knowledge = {
  ...LOCAL,
  tools: { ...LOCAL.tools, tools: [{ server: 'toolman', name: 'search' }], usesToolman: true, localServers: {} },
}

const json = (place: string, value: unknown, knowledge: Knowledge): unknown =>
  JSON.parse(completeText({ place, text: JSON.stringify(value) }, knowledge))

describe('a rendered text', () => {
  it('keeps the sections that apply, and names the tools as the agent calls them', () => {
    const text = 'a\n\n<!-- orchestrator:if tools -->\n<!-- orchestrator:tools -->\n\n<!-- orchestrator:end -->\nb\n'
    expect(completeText({ place: 'CLAUDE.md', text }, LOCAL)).toBe('a\n\n- `mcp__files__read-file`\n\nb\n')
    expect(completeText({ place: 'CLAUDE.md', text }, NOTHING)).toBe('a\n\nb\n')
  })

  it('with a marker at fault is named, with the line', () => {
    const text = 'a\n<!-- orchestrator:if language cobol -->\n<!-- orchestrator:end -->\n'
    expect(() => completeText({ place: 'CLAUDE.md', text }, NOTHING)).toThrow(
      'the text for CLAUDE.md, line 2: "orchestrator:if language cobol" is not known',
    )
  })

  it('allows the task’s tools where its list of permissions wants them, and no others', () => {
    const settings = { permissions: { allow: ['Bash', 'orchestrator:tools'], deny: [] } }
    expect(json('.claude/settings.local.json', settings, LOCAL)).toEqual({
      permissions: { allow: ['Bash', 'mcp__files__read-file', 'mcp__files__read_file'], deny: [] },
    })
    expect(json('.claude/settings.local.json', settings, NOTHING)).toEqual({
      permissions: { allow: ['Bash'], deny: [] },
    })
  })

  it('of tool servers gets the local ones, and the client of the remote ones only where it is needed', () => {
    const rendered = { mcpServers: { toolman: { command: 't' }, own: { command: 'o' } } }
    expect(json('.mcp.json', rendered, NOTHING)).toEqual({ mcpServers: { own: { command: 'o' } } })
    expect(json('.mcp.json', rendered, REMOTE)).toEqual(rendered)
    expect(json('.mcp.json', rendered, LOCAL)).toEqual({
      mcpServers: { own: { command: 'o' }, files: { type: 'stdio', command: 'x', args: [], env: {} } },
    })
    expect(() => json('.mcp.json', { mcpServers: { files: {} } }, LOCAL)).toThrow(/"files".*choose another name/)
  })

  it('of another kind stays as it is', () => {
    const text = '#!/bin/sh\n# <!-- orchestrator:end -->\n'
    expect(completeText({ place: 'hooks/x.sh', text }, NOTHING)).toBe(text)
  })
})
