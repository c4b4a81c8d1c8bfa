import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  commandForPeople,
  mcpConfiguration,
  mcpHttpConfiguration,
  type McpConfigurationOptions,
} from './mcp-configuration.ts'

const OPTIONS: McpConfigurationOptions = {
  command: './orchestrator',
  cwd: '/home/lead/checkout',
  home: '/home/lead',
  stateDirectory: '/home/lead/.local/state/orchestrator',
  server: undefined,
  tokenFile: undefined,
}
const USUAL = '/home/lead/checkout/orchestrator'

describe('what a client is told', () => {
  it('needs no address where the server is found in its usual place', () => {
    expect(mcpConfiguration(OPTIONS)).toEqual({
      claudeCommand: `claude mcp add orchestrator -- ${USUAL} mcp`,
      json: `{"mcpServers":{"orchestrator":{"command":"${USUAL}","args":["mcp"]}}}`,
    })
  })

  it.each([
    ['a state directory of its own', { stateDirectory: '/srv/state' }, `${USUAL} mcp --state-dir /srv/state`],
    ['a server that was named', { server: 'http://host:7070' }, `${USUAL} mcp --server http://host:7070`],
  ])('names %s', (_case, change, expected) => {
    expect(mcpConfiguration({ ...OPTIONS, ...change }).claudeCommand).toMatch(new RegExp(`-- ${expected}$`))
  })

  it('names the program of the checkout where people found it by its name alone', () => {
    const { command } = (
      JSON.parse(mcpConfiguration({ ...OPTIONS, command: 'orchestrator' }).json) as {
        mcpServers: { orchestrator: { command: string } }
      }
    ).mcpServers.orchestrator
    expect(command).toMatch(/^\/.*\/orchestrator$/)
    expect(existsSync(command)).toBe(true)
  })

  it('is one word for each argument in a shell, whatever the path', () => {
    const stateDirectory = `/srv/it's $(here) "now"`
    const { claudeCommand } = mcpConfiguration({ ...OPTIONS, stateDirectory })
    const words = execFileSync('sh', ['-c', `claude() { printf '%s\\n' "$@"; }; ${claudeCommand}`], {
      encoding: 'utf8',
    })
    expect(words.trim().split('\n').at(-1)).toBe(stateDirectory)
  })
})

describe('what a client is told over HTTP', () => {
  it('is an address, where no token is needed', () => {
    expect(mcpHttpConfiguration({ url: 'http://host:7070/', needsToken: false })).toEqual({
      claudeCommand: 'claude mcp add --transport http orchestrator http://host:7070/mcp',
      json: '{"mcpServers":{"orchestrator":{"type":"http","url":"http://host:7070/mcp"}}}',
    })
  })

  it('names the variable of the token, never a token, and the shell leaves it alone', () => {
    const { claudeCommand, json } = mcpHttpConfiguration({ url: 'http://host:7070', needsToken: true })
    const options = { encoding: 'utf8', env: { ORCHESTRATOR_TOKEN: 'secret' } } as const
    const words = execFileSync('/bin/sh', ['-c', `claude() { printf '%s\\n' "$@"; }; ${claudeCommand}`], options)
    expect(words.trim().split('\n').at(-1)).toBe('Authorization: Bearer ${ORCHESTRATOR_TOKEN}')
    expect(JSON.parse(json)).toMatchObject({
      mcpServers: { orchestrator: { headers: { Authorization: 'Bearer ${ORCHESTRATOR_TOKEN}' } } },
    })
  })
})

describe('what people are told to type', () => {
  const called = { command: './orchestrator', cwd: '/home/lead/checkout' }

  it.each([
    ['as it is', {}, USUAL],
    ['with the state directory', { stateDir: 'state' }, `ORCHESTRATOR_STATE_DIR=/home/lead/checkout/state ${USUAL}`],
    ['with the server', { server: 'http://host:7070' }, `ORCHESTRATOR_URL=http://host:7070 ${USUAL}`],
  ])('is absolute, %s', (_case, address, expected) => {
    expect(commandForPeople(called, address)).toBe(expected)
  })

  it('is quoted where a shell would split it', () => {
    expect(commandForPeople({ command: './orchestrator', cwd: '/my checkout' }, {})).toBe("'/my checkout/orchestrator'")
  })
})
