/**
 * Codex 0.169: `codex exec --json`, one turn for each attempt. It cannot be spoken to while it works, has no limits of its
 * own and tells no cost. Its own sandbox bounds what it may write; all of its settings are a file of one attempt alone.
 */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import type { AgentFailure, AgentRun } from '../ports.ts'
import { calledAs } from '../tools/tool-plan.ts'
import { readCredentials } from './credentials.ts'
import type { Conversation, Dialect, DialectDependencies } from './dialect.ts'
import { type AgentFact, canonicalJson, summaryOf } from './facts.ts'
import { composeInstructions } from './instructions.ts'
import { parseObject } from './json-line.ts'
import { withoutShell } from './shell-words.ts'
import { type EarlierSession, findEarlierSession, keepTranscript } from './transcripts.ts'

const OFFICIAL_URL = 'https://api.openai.com/v1'

export function createCodex({ order, environment, redaction }: DialectDependencies): Dialect {
  return {
    preflight: async () => void (await readCredentials(order.credentialFiles)),
    prepare: async (run) => {
      refuseToolServers(run)
      const home = join(environment.HOME, '.codex-attempt')
      const temporary = join(home, 'tmp')
      const earlier = await findEarlierSession(run, 'codex')
      await rm(home, { recursive: true, force: true })
      await mkdir(join(home, 'sessions'), { recursive: true, mode: 0o700 })
      await mkdir(temporary)
      await writeFile(join(home, 'config.toml'), configOf(order, run, temporary), { mode: 0o600 })
      // Of what it is told at a start only this is told anew when a session goes on.
      await writeFile(join(home, 'AGENTS.md'), await composeInstructions(run))
      // Not a copy: a login that is renewed in a copy would be lost to its owner.
      if (order.loginDirectory !== undefined)
        await symlink(join(order.loginDirectory, 'auth.json'), join(home, 'auth.json'))
      const usedBefore = earlier === undefined ? NO_TOKENS : await restore(home, earlier)
      const common = ['exec', '--json', '--skip-git-repo-check', '--ignore-rules', '--color', 'never']
      return {
        args: [...common, ...(earlier === undefined ? [] : ['resume', earlier.sessionId]), '-'],
        environment: { ...(await readCredentials(order.credentialFiles)), CODEX_HOME: home, TMPDIR: temporary },
        conversation: converse(run, usedBefore),
        [Symbol.asyncDispose]: async () => {
          const rollout = await findRollout(home)
          if (rollout !== undefined)
            await keepTranscript(rollout, { attemptDirectory: run.attemptDirectory, redaction })
          await rm(home, { recursive: true, force: true })
        },
      }
    },
  }
}

/** @throws TerminalError TOOLS_UNAVAILABLE */
function refuseToolServers({ tools }: AgentRun): void {
  if (tools.length === 0) return
  throw new TerminalError(
    'TOOLS_UNAVAILABLE',
    `codex is given no tool servers, but the task needs ${tools.map(calledAs).join(', ')}: take them out of its client-config.json, or choose an agent with the adapter "claude"`,
  )
}

/** JSON's strings and lists are TOML's too. */
const toml = (value: string | readonly string[]): string => JSON.stringify(value).replaceAll('\u007F', '\\u007f')

function configOf(order: DialectDependencies['order'], { attempt }: AgentRun, temporary: string): string {
  const { spec, workspaceDirectory } = attempt
  const repository = join(workspaceDirectory, 'target-repo')
  const [keyName] = Object.keys(order.credentialFiles)
  const baseUrl = order.environment['OPENAI_BASE_URL'] ?? OFFICIAL_URL
  const provider = [
    'model_provider = "orchestrator"',
    `model_providers.orchestrator = { name = "as configured", base_url = ${toml(baseUrl)}, env_key = ${toml(keyName ?? '')}, wire_api = "responses", request_max_retries = 4, stream_max_retries = 4 }`,
  ]
  return [
    `model = ${toml(spec.model)}`,
    ...(keyName === undefined ? [] : provider),
    'approval_policy = "never"',
    'sandbox_mode = "workspace-write"',
    'sandbox_workspace_write.network_access = true',
    // Whatever else lies there is none of its business.
    'sandbox_workspace_write.exclude_slash_tmp = true',
    `sandbox_workspace_write.writable_roots = ${toml([repository, join(repository, '.git'), join(workspaceDirectory, 'shared'), temporary])}`,
    `shell_environment_policy.exclude = ${toml(Object.keys(order.credentialFiles))}`,
    // A login shell would find other programs than the attempt's PATH has.
    'allow_login_shell = false',
    // The repository's own memory is in the instructions, marked as theirs; nothing of its settings and tool servers runs.
    'project_doc_max_bytes = 0',
    `projects = { ${toml(repository)} = { trust_level = "untrusted" } }`,
    'web_search = "disabled"',
    'features.multi_agent = false',
    'check_for_update_on_startup = false',
    'analytics.enabled = false',
    '',
  ].join('\n')
}

type Tokens = Pick<Extract<AgentFact, { kind: 'use' }>, 'inputTokens' | 'outputTokens'>

const NO_TOKENS: Tokens = { inputTokens: 0, outputTokens: 0 }

/** Puts the session where it is looked for; returns what it had used. */
async function restore(home: string, { sessionId, transcript }: EarlierSession): Promise<Tokens> {
  const text = await readFile(transcript, 'utf8')
  const folder = join(home, 'sessions/2000/01/01')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `rollout-2000-01-01T00-00-00-${sessionId}.jsonl`), text)
  const totals = [...text.matchAll(/"total_token_usage":\{"input_tokens":(\d+),.*?"output_tokens":(\d+)/g)].at(-1)
  return { inputTokens: Number(totals?.[1] ?? 0), outputTokens: Number(totals?.[2] ?? 0) }
}

async function findRollout(home: string): Promise<string | undefined> {
  const files = await readdir(join(home, 'sessions'), { recursive: true }).catch(() => [])
  const rollout = files.find((file) => file.endsWith('.jsonl'))
  return rollout === undefined ? undefined : join(home, 'sessions', rollout)
}

const text = z.string().catch('')
const Command = z.object({
  type: z.literal('command_execution'),
  id: text,
  command: text,
  aggregated_output: text,
  exit_code: z.number().nullish().catch(null),
  status: text,
})
const FileChange = z.object({
  type: z.literal('file_change'),
  id: text,
  changes: z.array(z.object({ path: text, kind: text })).catch([]),
  status: text,
})
const ToolServerCall = z.object({
  type: z.literal('mcp_tool_call'),
  id: text,
  server: text,
  tool: text,
  arguments: z.record(z.string(), z.unknown()).catch({}),
  result: z.unknown(),
  status: text,
})
const Item = z.discriminatedUnion('type', [
  Command,
  FileChange,
  ToolServerCall,
  z.object({ type: z.literal('agent_message'), text }),
  z.object({ type: z.literal('error'), message: text }),
])
type Item = z.infer<typeof Item>
const SILENT_ITEMS: ReadonlySet<unknown> = new Set(['reasoning', 'todo_list'])

const count = z.number().catch(0)
const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.object({ type: z.literal('turn.started') }),
  z.object({ type: z.literal('turn.completed'), usage: z.object({ input_tokens: count, output_tokens: count }) }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: text }) }),
  z.object({ type: z.literal('error'), message: text }),
  z.object({ type: z.enum(['item.started', 'item.updated', 'item.completed']), item: z.looseObject({ type: text }) }),
])
type Event = z.infer<typeof Event>

function converse({ prompt, attempt: { spec } }: AgentRun, usedBefore: Tokens): Conversation {
  /** Requests to its model are not told: what follows tools that came back was asked for anew. */
  let isAsking = true
  let lastText = ''
  const begun = new Set<string>()
  const turn = (): AgentFact[] => {
    const isNew = isAsking
    isAsking = false
    return isNew ? [{ kind: 'turn' }] : []
  }
  const onCall = (phase: string, { id, call, back }: ToolUse): AgentFact[] => {
    const facts: AgentFact[] = begun.has(id) ? [] : [...turn(), { kind: 'call', id, ...call }]
    begun.add(id)
    if (phase !== 'item.completed') return facts
    isAsking = true
    return [...facts, { kind: 'return', id, ...back }]
  }
  const onItem = (phase: string, item: Item): AgentFact[] => {
    if (item.type === 'error') return [warning(item.message)]
    if (item.type !== 'agent_message') return onCall(phase, toolUseOf(item))
    lastText = item.text
    return [...turn(), { kind: 'text', text: item.text, subagent: false }]
  }
  const onEvent = (event: Event, line: string): AgentFact[] => {
    switch (event.type) {
      case 'thread.started': {
        const { thread_id: sessionId } = event
        return [
          { kind: 'session', sessionId, description: `Codex, model ${spec.model}, session ${sessionId}` },
          ...(spec.limits.usd === null ? [] : [warning('codex tells no cost: it is not ended at its budget')]),
        ]
      }
      case 'turn.started':
        return []
      case 'turn.completed': {
        const { input_tokens: input, output_tokens: output } = event.usage
        // A session goes on counting where the attempt before ended.
        const inputTokens = Math.max(0, input - usedBefore.inputTokens)
        const outputTokens = Math.max(0, output - usedBefore.outputTokens)
        return [
          { kind: 'use', inputTokens, outputTokens, costUsd: null },
          { kind: 'finished', ...(lastText !== '' && { text: lastText }) },
        ]
      }
      case 'turn.failed':
        return [{ kind: 'finished', failure: failureOf(event.error.message) }]
      case 'error': {
        const failure = failureOf(event.message)
        // Its own patience with a wrong key only costs time.
        return failure.reason === 'AuthFailed' ? [{ kind: 'fatal', failure }] : [warning(event.message)]
      }
      default: {
        const item = Item.safeParse(event.item).data
        if (item !== undefined) return onItem(event.type, item)
        return SILENT_ITEMS.has(event.item.type) ? [] : [{ kind: 'unknown', line }]
      }
    }
  }
  return {
    opening: prompt,
    isOpen: false,
    hear: (line) => {
      const event = Event.safeParse(parseObject(line)).data
      if (event !== undefined) return { facts: onEvent(event, line), replies: [] }
      return { facts: line.trim() === '' ? [] : [{ kind: 'unknown', line }], replies: [] }
    },
  }
}

function warning(message: string): AgentFact {
  return { kind: 'note', level: 'warning', text: message.slice(0, 500) }
}

/** Codex has words alone for it. */
function failureOf(message: string): AgentFailure {
  return /\b(?:401 Unauthorized|403 Forbidden)\b/.test(message)
    ? { reason: 'AuthFailed', message: `The model's service refused the agent's credentials: ${message.slice(0, 500)}` }
    : { reason: 'AgentError', message: `The agent gave up: ${message.slice(0, 500)}` }
}

interface ToolUse {
  readonly id: string
  readonly call: Omit<Extract<AgentFact, { kind: 'call' }>, 'kind' | 'id'>
  readonly back: Omit<Extract<AgentFact, { kind: 'return' }>, 'kind' | 'id'>
}

function toolUseOf(item: Exclude<Item, { type: 'agent_message' | 'error' }>): ToolUse {
  const { id } = item
  const ok = item.status === 'completed'
  switch (item.type) {
    case 'command_execution': {
      const command = withoutShell(item.command)
      const exit = typeof item.exit_code === 'number' ? { exitCode: item.exit_code } : {}
      return {
        id,
        call: { tool: 'shell', summary: summaryOf({ command }), canonical: command, command },
        back: { ok: ok && item.exit_code === 0, text: item.aggregated_output, ...exit },
      }
    }
    case 'file_change': {
      const changes = item.changes.map(({ kind, path }) => `${kind} ${path}`).join(', ')
      return {
        id,
        call: { tool: 'apply_patch', summary: summaryOf({ path: changes }), canonical: canonicalJson(item.changes) },
        back: { ok, text: item.status },
      }
    }
    default: {
      const { server, tool, arguments: input } = item
      return {
        id,
        call: { tool: `mcp__${server}__${tool}`, summary: summaryOf(input), canonical: canonicalJson(input) },
        back: { ok, text: JSON.stringify(item.result) ?? '' },
      }
    }
  }
}
