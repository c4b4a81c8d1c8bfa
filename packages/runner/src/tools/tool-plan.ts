/** From a task's choice of tools to what is configured for its agent. Pure. */
import { resolve } from 'node:path'
import {
  type AttemptFile,
  comparableToolName,
  type LocalServer,
  PROJECT_ROOT,
  type ToolChoice,
  WORKSPACE_ALIAS,
} from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'

/** The name, among the tool servers, of the client through which remote tools come. */
export const TOOLMAN = 'toolman'

export interface PlannedTool {
  readonly server: string
  readonly name: string
}

/** As `.mcp.json` has it. */
export interface ToolServerEntry {
  readonly type: 'stdio'
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface ToolPlan {
  readonly tools: readonly PlannedTool[]
  readonly usesToolman: boolean
  /** To be started beside the agent. With toolman there are none: its client starts them. */
  readonly localServers: Readonly<Record<string, ToolServerEntry>>
  /** Content of `client-config.json`, with the paths of this workspace; `undefined` for a task without tools. */
  readonly clientConfig: ToolChoice | undefined
}

export const NO_TOOLS: ToolPlan = { tools: [], usesToolman: false, localServers: {}, clientConfig: undefined }

export interface ToolPlanInput {
  readonly choice: ToolChoice
  /** Where the choice stands, for messages. */
  readonly source: string
  readonly attempt: Pick<AttemptFile, 'workspaceDirectory' | 'tools'>
}

/** @throws TerminalError TOOLS_UNAVAILABLE for remote tools without a way to them */
export function planTools({ choice, source, attempt }: ToolPlanInput): ToolPlan {
  const usesToolman = choice.remoteTools.length > 0
  if (usesToolman && attempt.tools?.hasToolman !== true) throw noWayTo(choice.remoteTools, source)
  const root = attempt.workspaceDirectory
  const servers = Object.entries(choice.localServers).map(
    ([name, server]) => [name, inWorkspace(server, root)] as const,
  )
  const local = servers.flatMap(([name, { tools }]) =>
    tools.map((tool) => ({ server: usesToolman ? TOOLMAN : name, name: tool })),
  )
  const tools = [...choice.remoteTools.map((name) => ({ server: TOOLMAN, name })), ...local]
  if (tools.length === 0) return NO_TOOLS
  return {
    tools,
    usesToolman,
    localServers: usesToolman ? {} : Object.fromEntries(servers.map(([name, server]) => [name, toEntry(server, root)])),
    clientConfig: { remoteTools: choice.remoteTools, localServers: Object.fromEntries(servers) },
  }
}

function noWayTo(remoteTools: readonly string[], source: string): TerminalError {
  return new TerminalError(
    'TOOLS_UNAVAILABLE',
    `${source} asks for the remote tools ${remoteTools.join(', ')}, but no tool server is configured: add "toolman" to the settings file and restart the launcher, or take them out of "remoteTools"`,
  )
}

function inWorkspace(server: LocalServer, root: string): LocalServer {
  const real = (text: string): string => atRealWorkspace(text, root)
  return {
    ...server,
    command: real(server.command),
    args: server.args.map(real),
    env: Object.fromEntries(Object.entries(server.env).map(([name, value]) => [name, real(value)])),
    workingDirectory: real(server.workingDirectory),
  }
}

/** The agent's configuration knows no working directory: a shell goes there, given all else as words. */
function toEntry({ command, args, env, workingDirectory }: LocalServer, root: string): ToolServerEntry {
  const directory = workingDirectory === PROJECT_ROOT ? root : resolve(root, workingDirectory)
  return {
    type: 'stdio',
    command: 'sh',
    args: ['-c', 'cd -- "$1" && shift && exec "$@"', 'sh', directory, command, ...args],
    env,
  }
}

/** `/workspace` where it is a path or begins one, also behind `--option=` and in lists. */
export function atRealWorkspace(text: string, root: string): string {
  return text.replaceAll(ALIAS, (_whole, before: string) => `${before}${root}`)
}

const ALIAS = new RegExp(`(^|[=:,;])${WORKSPACE_ALIAS}(?=$|[/:,;])`, 'g')

/** As an agent calls a tool: toolman's client rewrites hyphens, and what is no letter, digit, "_" or "-" is rewritten. */
export function calledAs({ server, name }: PlannedTool): string {
  return `mcp__${plain(server)}__${plain(server === TOOLMAN ? comparableToolName(name) : name)}`
}

/** The rules that allow these tools, by every name that they may have on the way. */
export function permissionsFor(tools: readonly PlannedTool[]): readonly string[] {
  return [
    ...new Set(
      tools.flatMap((tool) => {
        const prefix = `mcp__${plain(tool.server)}__`
        return [calledAs(tool), `${prefix}${plain(tool.name)}`, `${prefix}${plain(comparableToolName(tool.name))}`]
      }),
    ),
  ]
}

function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
}

export interface OfferedTools {
  /** Tool server → names of what it offers. */
  readonly [server: string]: readonly string[]
}

/** What is said of planned tools that nobody offers; `undefined` when all are there. */
export function missingTools(planned: readonly PlannedTool[], offered: OfferedTools): string | undefined {
  const missing = planned.filter(({ server, name }) => !offeredBy(offered, server).has(comparableToolName(name)))
  if (missing.length === 0) return undefined
  const servers = new Set(missing.map(({ server }) => server))
  const named = missing.map(({ server, name }) => `${name} (of ${server})`).join(', ')
  const there = [...servers].map((server) => `${server} offers ${listOf(offered[server] ?? [])}`).join('; ')
  return `Tools that the task names do not exist: ${named}. ${there}.`
}

function offeredBy(offered: OfferedTools, server: string): ReadonlySet<string> {
  return new Set((offered[server] ?? []).map(comparableToolName))
}

const LISTED = 30

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `${names.slice(0, LISTED).join(', ')}${more}`
}
