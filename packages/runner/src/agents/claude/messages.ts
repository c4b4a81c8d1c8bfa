/** The lines of Claude Code's `stream-json`, as far as they are understood. Tolerant: new kinds and fields appear often. */
import { z } from 'zod'

const text = z.string().catch('')
const count = z.number().catch(0)

const ToolUse = z.object({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()).catch({}),
})
const Text = z.object({ type: z.literal('text'), text: z.string() })
const ToolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  is_error: z.boolean().catch(false),
  content: z.unknown(),
})
/** Thinking, images, and what is yet to come. */
const OtherBlock = z.object({ type: z.string() })

export const Assistant = z.object({
  type: z.literal('assistant'),
  uuid: text,
  parent_tool_use_id: z.string().nullish().catch(null),
  message: z.object({
    id: text,
    model: text,
    content: z.array(z.union([ToolUse, Text, OtherBlock])).catch([]),
  }),
  error: z.string().optional().catch(undefined),
})

export const User = z.object({
  type: z.literal('user'),
  uuid: text,
  message: z.object({ content: z.union([z.string(), z.array(z.union([ToolResult, OtherBlock]))]).catch([]) }),
  tool_result_meta: z
    .array(z.object({ id: z.string(), permission_decision: z.object({ decision: text }).optional().catch(undefined) }))
    .catch([]),
})

const ModelUsage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheCreationInputTokens: count,
  costUSD: count,
})
/** By model. */
export const ModelUsages = z.record(z.string(), ModelUsage)
export type ModelUsages = z.infer<typeof ModelUsages>

export const Result = z.object({
  type: z.literal('result'),
  uuid: text,
  subtype: text,
  is_error: z.boolean(),
  result: z.string().optional().catch(undefined),
  errors: z.array(z.string()).catch([]),
  terminal_reason: z.string().nullish().catch(null),
  api_error_status: z.number().nullish().catch(null),
  queued_turn_count: count,
  /** Of this process: unlike `modelUsage` it does not go on counting where an earlier one ended. */
  model_usage_since_last_result: ModelUsages.optional().catch(undefined),
})
export type Result = z.infer<typeof Result>

export const System = z.discriminatedUnion('subtype', [
  z.object({
    subtype: z.literal('init'),
    session_id: text,
    model: text,
    claude_code_version: text,
    apiKeySource: text,
  }),
  z.object({
    subtype: z.literal('api_retry'),
    attempt: count,
    max_retries: count,
    retry_delay_ms: count,
    error_status: z.number().nullish().catch(null),
    error: text,
  }),
  z.object({ subtype: z.literal('permission_denied'), tool_name: text, message: text }),
  z.object({
    subtype: z.literal('compact_boundary'),
    compact_metadata: z.object({ trigger: text, pre_tokens: count, post_tokens: count }),
  }),
  z.object({ subtype: z.literal('status'), compact_result: z.string().nullish().catch(null) }),
  z.object({
    subtype: z.literal('background_tasks_changed'),
    tasks: z.array(z.object({ task_type: text })).catch([]),
  }),
  z.object({ subtype: z.literal('task_started'), description: text, task_type: text, subagent_type: text }),
  z.object({ subtype: z.literal('task_notification'), status: text, summary: text }),
  z.object({
    subtype: z.literal('hook_response'),
    hook_event: text,
    hook_name: text,
    stdout: text,
    stderr: text,
    exit_code: z.number().optional().catch(undefined),
  }),
  z.object({ subtype: z.literal('informational'), content: text, level: text }),
])
export type System = z.infer<typeof System>

/** Signs of life that tell nothing more. */
export const SILENT_SYSTEM: ReadonlySet<string> = new Set([
  'hook_started',
  'hook_progress',
  'notification',
  'task_progress',
  'task_updated',
  'thinking_tokens',
  'session_state_changed',
  'commands_changed',
])
export const SILENT_TYPES: ReadonlySet<string> = new Set([
  'tool_progress',
  'stream_event',
  'rate_limit_event',
  'keep_alive',
  'control_request_progress',
  'tool_use_summary',
  'prompt_suggestion',
])

export const ControlResponse = z.object({
  type: z.literal('control_response'),
  response: z.object({
    subtype: text,
    request_id: z.string(),
    error: z.string().optional().catch(undefined),
    response: z.unknown(),
  }),
})

export const SettingsAnswer = z.object({
  errors: z.array(z.object({ path: text, message: text })).catch([]),
  sources: z.array(z.object({ source: text })).catch([]),
})
const ToolServer = z.object({
  name: z.string(),
  status: text,
  error: z.string().optional().catch(undefined),
  tools: z
    .array(z.object({ name: z.string() }).transform(({ name }) => name))
    .optional()
    .catch(undefined),
})
export const ServersAnswer = z.object({ mcpServers: z.array(ToolServer).catch([]) })
export type ServersAnswer = z.output<typeof ServersAnswer>
export const UsageAnswer = z.object({ session: z.object({ model_usage: ModelUsages }) })
