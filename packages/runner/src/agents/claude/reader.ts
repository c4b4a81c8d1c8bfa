/** From lines of `stream-json` to facts: a reducer without input, output or time of its own. */
import type { Heard } from '../dialect.ts'
import { type AgentFact, canonicalJson, summaryOf } from '../facts.ts'
import { parseObject } from '../json-line.ts'
import { credentialsRefused, failureOf } from './ending.ts'
import {
  Assistant,
  ControlResponse,
  Result,
  SILENT_SYSTEM,
  SILENT_TYPES,
  System,
  UsageAnswer,
  User,
} from './messages.ts'
import { askUsage, type Opening } from './opening.ts'
import { minus, plus, totalOf } from './usage.ts'

export interface Reader {
  hear(line: string): Heard
}

type Parsed = Readonly<Record<string, unknown>>

export function createReader(opening: Opening): Reader {
  const seen = new Set<string>()
  const tools = new Map<string, string>()
  let lastMessage = ''
  let apiError: string | undefined
  let subagents = 0
  let isStarted = false
  let usedBeforeResult = totalOf({})
  let asked = 0

  /** A line that came twice counts once. */
  const isNew = (uuid: string): boolean => {
    if (uuid === '') return true
    if (seen.has(uuid)) return false
    seen.add(uuid)
    return true
  }
  const onAssistant = ({
    uuid,
    message,
    error,
    parent_tool_use_id: parent,
  }: ReturnType<typeof Assistant.parse>): AgentFact[] => {
    if (!isNew(uuid)) return []
    const isSynthetic = message.model === '<synthetic>'
    apiError = error
    const begins = !isSynthetic && typeof parent !== 'string' && message.id !== lastMessage
    if (begins) lastMessage = message.id
    const facts: AgentFact[] = begins ? [{ kind: 'turn' }] : []
    for (const block of message.content) {
      if ('text' in block && !isSynthetic && block.text.trim() !== '')
        facts.push({ kind: 'text', text: block.text, subagent: typeof parent === 'string' })
      if ('input' in block) {
        tools.set(block.id, block.name)
        facts.push(callOf(block))
      }
    }
    return facts
  }
  /** A refusal may be told twice, by itself and with the tool's answer; the answer alone always comes. */
  const denialsIn = (user: ReturnType<typeof User.parse>): AgentFact[] =>
    user.tool_result_meta
      .filter(({ permission_decision: permission }) => permission?.decision === 'reject')
      .map(({ id }) => ({ kind: 'denied', tool: tools.get(id) ?? 'unknown' }))
  const onSystem = (line: string, parsed: Parsed): AgentFact[] => {
    const system = System.safeParse(parsed).data
    if (system === undefined) return SILENT_SYSTEM.has(String(parsed['subtype'])) ? [] : [{ kind: 'unknown', line }]
    if (system.subtype === 'background_tasks_changed')
      subagents = system.tasks.filter(({ task_type: type }) => type === 'local_agent').length
    if (system.subtype !== 'init') return factsOfSystem(system)
    if (isStarted) return []
    isStarted = true
    const { session_id: sessionId, claude_code_version: version, model } = system
    return [{ kind: 'session', sessionId, description: `Claude Code ${version}, model ${model}, session ${sessionId}` }]
  }
  const onResult = (result: ReturnType<typeof Result.parse>): AgentFact[] => {
    if (!isNew(result.uuid)) return []
    usedBeforeResult = plus(usedBeforeResult, totalOf(result.model_usage_since_last_result ?? {}))
    const failure = failureOf(result, apiError)
    const use: AgentFact = { kind: 'use', ...usedBeforeResult }
    // A subagent at work, or a message that waits, goes on in another turn.
    if (failure === undefined && (subagents > 0 || result.queued_turn_count > 0)) return [use]
    const text = result.result
    return [
      use,
      {
        kind: 'finished',
        ...(failure !== undefined && { failure }),
        ...(text !== undefined && text !== '' && { text }),
      },
    ]
  }
  const onControl = (parsed: Parsed): Heard => {
    const response = ControlResponse.safeParse(parsed).data?.response
    if (response === undefined) return { facts: [], replies: [] }
    if (!response.request_id.startsWith('usage-')) return opening.hear(response.request_id, response.response)
    const answer = UsageAnswer.safeParse(response.response).data
    if (answer === undefined) return { facts: [], replies: [] }
    return { facts: [{ kind: 'use', ...minus(totalOf(answer.session.model_usage), opening.usedBefore) }], replies: [] }
  }
  const read = (line: string): Heard => {
    const parsed = parseObject(line)
    const type = String(parsed?.['type'])
    const facts = (...told: readonly AgentFact[]): Heard => ({ facts: told, replies: [] })
    if (parsed === undefined) return line.trim() === '' ? facts() : facts({ kind: 'unknown', line })
    switch (type) {
      case 'assistant': {
        const told = onAssistant(Assistant.parse(parsed))
        // What the message before has cost is known once the next one begins.
        const begins = told.some(({ kind }) => kind === 'turn')
        if (begins) asked += 1
        return { facts: told, replies: begins && asked > 1 ? [{ text: askUsage(`usage-${asked}`) }] : [] }
      }
      case 'user': {
        const user = User.parse(parsed)
        return isNew(user.uuid) ? facts(...denialsIn(user), ...returnsOf(user.message.content)) : facts()
      }
      case 'system':
        return facts(...onSystem(line, parsed))
      case 'result':
        return facts(...onResult(Result.parse(parsed)))
      case 'control_response':
        return onControl(parsed)
      default:
        return SILENT_TYPES.has(type) ? facts() : facts({ kind: 'unknown', line })
    }
  }
  return {
    hear: (line) => {
      try {
        return read(line)
      } catch {
        return { facts: [{ kind: 'unknown', line }], replies: [] }
      }
    },
  }
}

interface ToolUseBlock {
  readonly id: string
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

function callOf({ id, name, input }: ToolUseBlock): AgentFact {
  const command = name === 'Bash' && typeof input['command'] === 'string' ? input['command'] : undefined
  // The description is written anew each time.
  const { description: _, ...essential } = input
  const canonical = canonicalJson(essential)
  return {
    kind: 'call',
    id,
    tool: name,
    summary: summaryOf(input),
    canonical,
    ...(command !== undefined && { command }),
  }
}

function returnsOf(content: ReturnType<typeof User.parse>['message']['content']): AgentFact[] {
  if (typeof content === 'string') return []
  return content.flatMap((block): AgentFact[] => {
    if (!('tool_use_id' in block)) return []
    const text = textOf(block.content)
    const failed = /^Exit code (\d+)/.exec(text)?.[1]
    const exitCode = block.is_error ? (failed === undefined ? undefined : Number(failed)) : 0
    return [
      { kind: 'return', id: block.tool_use_id, ok: !block.is_error, text, ...(exitCode !== undefined && { exitCode }) },
    ]
  })
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : (JSON.stringify(content) ?? '')
}

function factsOfSystem(system: Exclude<System, { subtype: 'init' }>): AgentFact[] {
  switch (system.subtype) {
    case 'api_retry':
      // Its own patience with a wrong key is minutes long.
      if (system.error_status === 401) return [{ kind: 'fatal', failure: credentialsRefused(system.error) }]
      return [
        warning(
          `the model's service failed (${system.error_status ?? system.error}), try ${system.attempt} of ${system.max_retries} follows in ${Math.round(system.retry_delay_ms)} ms`,
        ),
      ]
    case 'permission_denied':
      return [warning(`refused: ${system.tool_name}: ${system.message.slice(0, 200)}`)]
    case 'compact_boundary': {
      const { trigger, pre_tokens: before, post_tokens: after } = system.compact_metadata
      return [
        {
          kind: 'note',
          level: 'info',
          text: `the conversation was summed up (${trigger}): ${before} tokens became ${after}`,
        },
      ]
    }
    case 'status':
      return system.compact_result === 'failed' ? [warning('the conversation could not be summed up')] : []
    case 'task_started':
      return [
        {
          kind: 'note',
          level: 'info',
          text: `in the background: ${system.subagent_type || system.task_type}, ${system.description}`,
        },
      ]
    case 'task_notification':
      return [
        { kind: 'note', level: 'info', text: `background task ${system.status}: ${system.summary.slice(0, 300)}` },
      ]
    case 'hook_response':
      return factsOfHook(system)
    case 'informational':
      return [
        system.level === 'warning' ? warning(system.content) : { kind: 'note', level: 'info', text: system.content },
      ]
    default:
      return []
  }
}

function warning(text: string): AgentFact {
  return { kind: 'note', level: 'warning', text }
}

function factsOfHook(hook: Extract<System, { subtype: 'hook_response' }>): AgentFact[] {
  const { hook_event: event, hook_name: name, exit_code: exitCode = 0, stderr } = hook
  if (exitCode === 0) return []
  if (event === 'Stop' && exitCode === 2) return [{ kind: 'sent-back', reason: stderr.trim() }]
  return [warning(`the hook ${name} ended with exit code ${exitCode}: ${stderr.trim().slice(0, 300)}`)]
}
