/**
 * What is asked of Claude Code before it hears the prompt, so that no token is spent on what cannot work: whether it
 * took our settings (it drops an invalid file whole, silently), and whether every tool server is connected.
 */
import type { AgentFailure } from '../../ports.ts'
import { missingTools, type PlannedTool } from '../../tools/tool-plan.ts'
import type { Heard } from '../dialect.ts'
import { ServersAnswer, SettingsAnswer, UsageAnswer } from './messages.ts'
import { type TokenUse, totalOf } from './usage.ts'

export const request = (id: string, subtype: string, more: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ type: 'control_request', request_id: id, request: { subtype, ...more } })}\n`

export const userMessage = (content: string, more: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ type: 'user', message: { role: 'user', content }, ...more })}\n`

export const askUsage = (id: string): string => request(id, 'get_usage', { skip_behaviors: true })

const SERVERS_EVERY_MS = 250
/** A server that is not there after half a minute is not there. */
const SERVERS_TRIES = 120

export interface Opening {
  /** What is said first. */
  readonly text: string
  /** The answer to a request of ours. */
  hear(id: string, answer: unknown): Heard
  /** What the session had used before this run. */
  readonly usedBefore: TokenUse
}

const NOTHING: Heard = { facts: [], replies: [] }

/** What must be there before the prompt is told. */
export interface Expectations {
  /** Names of the configured tool servers. */
  readonly servers: readonly string[]
  readonly tools: readonly PlannedTool[]
}

export function createOpening(prompt: string, expected: Expectations): Opening {
  let tries = 0
  let usedBefore: TokenUse = totalOf({})
  const refuse = (failure: AgentFailure): Heard => ({ facts: [{ kind: 'fatal', failure }], replies: [] })
  const onServers = (answer: unknown): Heard => {
    const servers = ServersAnswer.parse(answer).mcpServers
    tries += 1
    if (servers.some((server) => isPending(server, expected)) && tries < SERVERS_TRIES)
      return { facts: [], replies: [{ text: request('servers', 'mcp_status'), afterMs: SERVERS_EVERY_MS }] }
    const problem = whatIsMissing(servers, expected)
    if (problem === undefined) return { facts: [], replies: [{ text: userMessage(prompt) }] }
    return refuse({ reason: 'ToolsUnavailable', message: problem })
  }
  const onSettings = (answer: unknown): Heard => {
    const { errors, sources } = SettingsAnswer.parse(answer)
    if (errors.length === 0 && sources.some(({ source }) => source === 'flagSettings')) return NOTHING
    const faults = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return refuse({
      reason: 'ConfigurationInvalid',
      message: `Claude Code does not accept the rendered settings${faults === '' ? '' : `: ${faults}`}.`,
    })
  }
  return {
    text: request('settings', 'get_settings') + askUsage('used-before') + request('servers', 'mcp_status'),
    hear: (id, answer) => {
      if (id === 'settings') return onSettings(answer)
      if (id === 'servers') return onServers(answer)
      if (id === 'used-before') usedBefore = totalOf(UsageAnswer.parse(answer).session.model_usage)
      return NOTHING
    },
    get usedBefore() {
      return usedBefore
    },
  }
}

type Server = ServersAnswer['mcpServers'][number]

/** Not there yet, or connected while it is not known yet what it offers. */
function isPending({ name, status, tools }: Server, expected: Expectations): boolean {
  const mustOffer = expected.tools.some(({ server }) => server === name)
  return status === 'pending' || (status === 'connected' && mustOffer && tools === undefined)
}

function whatIsMissing(servers: readonly Server[], { servers: named, tools }: Expectations): string | undefined {
  const absent = named
    .filter((name) => servers.every((server) => server.name !== name))
    .map((name) => ({ name, status: 'its configuration was not accepted', error: undefined }))
  const missing = [...servers.filter(({ status }) => status !== 'connected'), ...absent]
  if (missing.length === 0)
    return missingTools(tools, Object.fromEntries(servers.map((server) => [server.name, server.tools ?? []])))
  const names = missing.map(({ name, status, error }) => `${name} (${error ?? status})`).join(', ')
  return `Tool servers that the task needs are not connected: ${names}.`
}
