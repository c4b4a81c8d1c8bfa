/**
 * What is asked of Claude Code before it hears the prompt, so that no token is spent on what cannot work: whether it
 * took our settings (it drops an invalid file whole, silently), and whether every tool server is connected.
 */
import type { AgentFailure } from '../../ports.ts'
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

export function createOpening(prompt: string): Opening {
  let tries = 0
  let usedBefore: TokenUse = totalOf({})
  const refuse = (failure: AgentFailure): Heard => ({ facts: [{ kind: 'fatal', failure }], replies: [] })
  const onServers = (answer: unknown): Heard => {
    const servers = ServersAnswer.parse(answer).mcpServers
    const pending = servers.filter(({ status }) => status === 'pending')
    tries += 1
    if (pending.length > 0 && tries < SERVERS_TRIES)
      return { facts: [], replies: [{ text: request('servers', 'mcp_status'), afterMs: SERVERS_EVERY_MS }] }
    const missing = servers.filter(({ status }) => status !== 'connected')
    if (missing.length === 0) return { facts: [], replies: [{ text: userMessage(prompt) }] }
    const names = missing.map(({ name, status, error }) => `${name} (${error ?? status})`).join(', ')
    return refuse({
      reason: 'ToolsUnavailable',
      message: `Tool servers that the task needs are not connected: ${names}.`,
    })
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
