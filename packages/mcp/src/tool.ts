/** What a tool is, and the one place where its calls begin and end. */
import type { CallToolResult, McpServer, StandardSchemaWithJSON, ToolAnnotations } from '@modelcontextprotocol/server'
import { ServerError } from '@orchestrator/client'
import { describeFailure, describeFault, type NameField, type Ways } from '@orchestrator/client/texts'
import { OrchestratorError } from '@orchestrator/shared/core'
import type { z } from 'zod'
import { argumentFaults } from './argument-faults.ts'
import { harmless } from './harmless.ts'
import { nameParameter } from './parameters.ts'
import type { McpDependencies } from './task-api.ts'
import { toolWays } from './tool-ways.ts'

/**
 * One tool. Its answer is a text for people and facts for programs; the facts repeat the text as `text`, because some
 * clients show their model nothing but the facts.
 */
export interface Tool<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly annotations: ToolAnnotations
  readonly input: I
  readonly output: O
  /** What a field of the API is called here, where it is not as everywhere. */
  readonly nameField?: NameField
  readonly run: (given: z.output<I>, call: ToolCall) => Promise<ToolAnswer>
}

export interface ToolAnswer {
  readonly text: string
  /** Everything that the output schema names but `text`; what it does not name is left out. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** One call of a tool. */
export interface ToolCall extends Pick<McpDependencies, 'connect' | 'findPlatform' | 'clock' | 'logger'> {
  readonly ways: Ways
  /** Aborted when the client takes its request back, or leaves. */
  readonly signal: AbortSignal
  /** Tells the client how it goes, if it wants to know. */
  readonly progress: (news: Progress) => Promise<void>
}

export interface Progress {
  /** Grows from one to the next. */
  readonly progress: number
  readonly total: number
  readonly message: string
}

/** What the server is told: its arguments are checked here, where faults can be said in our words. */
export function registerTool<I extends z.ZodObject, O extends z.ZodObject>(
  server: McpServer,
  dependencies: McpDependencies,
  tool: Tool<I, O>,
): void {
  const { name, title, description, annotations, output } = tool
  const config = { title, description, annotations, inputSchema: asIs(tool.input), outputSchema: output }
  const { clock, logger } = dependencies
  server.registerTool(name, config, async (given, { mcpReq }) => {
    const startedAt = clock.monotonicMs()
    const { signal, notify, _meta: meta } = mcpReq
    const token = meta?.progressToken
    const progress = async (news: Progress): Promise<void> => {
      if (token !== undefined)
        await notify({ method: 'notifications/progress', params: { progressToken: token, ...news } })
    }
    const call: ToolCall = { ...dependencies, ways: toolWays(dependencies.command), signal, progress }
    const result = await answer(tool, given, call)
    const refused = result.isError === true
    logger.info({ tool: name, refused, durationMs: clock.monotonicMs() - startedAt }, 'tool called')
    return result
  })
}

async function answer<I extends z.ZodObject, O extends z.ZodObject>(
  tool: Tool<I, O>,
  given: unknown,
  call: ToolCall,
): Promise<CallToolResult> {
  const { nameField = nameParameter } = tool
  const parsed = tool.input.safeParse(given)
  if (!parsed.success) {
    const faults = argumentFaults(parsed.error, given, tool.input)
    const lines = faults.map((fault) => `  ${describeFault(fault, nameField)}`)
    return refusal([`error: ${tool.name} cannot be called like this:`, ...lines].join('\n'))
  }
  try {
    const { text, facts } = await tool.run(parsed.data, call)
    const structuredContent = harmless(tool.output.parse({ ...facts, text }))
    return { content: [{ type: 'text', text }], structuredContent }
  } catch (error) {
    call.signal.throwIfAborted()
    if (!isExpected(error)) call.logger.warn({ tool: tool.name, err: error }, 'tool failed')
    return refusal(describeFailure(error, nameField))
  }
}

/** What the server refused, or what the person can mend; anything else is a fault of ours. */
function isExpected(error: unknown): boolean {
  return error instanceof ServerError || error instanceof OrchestratorError
}

function refusal(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] }
}

/** The schema as clients are shown it, without a check of its own. */
function asIs(schema: z.ZodObject): StandardSchemaWithJSON {
  const { jsonSchema, vendor, version } = schema['~standard']
  return { '~standard': { vendor, version, jsonSchema, validate: (value) => ({ value }) } }
}
