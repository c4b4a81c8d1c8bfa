/** How MCP clients are told about the tools: as `orchestrator mcp`, and over HTTP. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ServerAddress } from './commands/options.ts'
import { statePath } from './state-path.ts'

/** How this program was called, and from where. */
export interface CalledFrom {
  readonly command: string
  readonly cwd: string
}

export interface McpConfigurationOptions extends CalledFrom {
  readonly home: string
  /** Absolute; where the `up` that is meant keeps everything. */
  readonly stateDirectory: string
  /** As given with `--server`: goes before the state directory. */
  readonly server: string | undefined
  /** Absolute; as given with `--token-file`. */
  readonly tokenFile: string | undefined
}

export interface McpConfiguration {
  /** A line for a shell, for Claude Code. */
  readonly claudeCommand: string
  /** The common file format: `.mcp.json` and its kin. */
  readonly json: string
}

export function mcpConfiguration(options: McpConfigurationOptions): McpConfiguration {
  const command = absoluteCommand(options)
  const token = options.tokenFile === undefined ? [] : ['--token-file', options.tokenFile]
  const args = ['mcp', ...addressArguments(options), ...token]
  return {
    claudeCommand: ['claude', 'mcp', 'add', 'orchestrator', '--', command, ...args].map(quoteForShell).join(' '),
    json: JSON.stringify({ mcpServers: { orchestrator: { command, args } } }),
  }
}

export interface HttpOptions {
  /** Of the server. */
  readonly url: string
  readonly needsToken: boolean
}

/** The client takes the token from its environment: so it is in no file, no argument and no history of a shell. */
const AUTHORIZATION = 'Bearer ${ORCHESTRATOR_TOKEN}'

/** For clients that have nothing of ours installed. */
export function mcpHttpConfiguration({ url: server, needsToken }: HttpOptions): McpConfiguration {
  const url = `${server.replace(/\/+$/, '')}/mcp`
  const header = needsToken ? ['--header', `Authorization: ${AUTHORIZATION}`] : []
  const words = ['claude', 'mcp', 'add', '--transport', 'http', 'orchestrator', url, ...header]
  const headers = needsToken ? { headers: { Authorization: AUTHORIZATION } } : {}
  return {
    claudeCommand: words.map(quoteForShell).join(' '),
    json: JSON.stringify({ mcpServers: { orchestrator: { type: 'http', url, ...headers } } }),
  }
}

/** Clients pass little of their environment on: without an option only the usual place below HOME is found. */
function addressArguments({ server, home, stateDirectory }: McpConfigurationOptions): readonly string[] {
  if (server !== undefined) return ['--server', server]
  const usual = statePath({ given: undefined, environment: { HOME: home }, cwd: '/' })
  return stateDirectory === usual ? [] : ['--state-dir', stateDirectory]
}

const CHECKOUT_COMMAND = join(import.meta.dirname, '../../../orchestrator')

/** A client starts it from anywhere: what people typed relative to their folder is made absolute. */
export function absoluteCommand({ command, cwd }: CalledFrom): string {
  if (command.includes('/')) return resolve(cwd, command)
  return existsSync(CHECKOUT_COMMAND) ? CHECKOUT_COMMAND : command
}

/** What a model tells people to type works from any folder, and finds the same server. */
export function commandForPeople(called: CalledFrom, { server, stateDir }: ServerAddress): string {
  const command = quoteForShell(absoluteCommand(called))
  if (server !== undefined) return `ORCHESTRATOR_URL=${quoteForShell(server)} ${command}`
  if (stateDir === undefined) return command
  return `ORCHESTRATOR_STATE_DIR=${quoteForShell(resolve(called.cwd, stateDir))} ${command}`
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
