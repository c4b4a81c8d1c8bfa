/** What a tool is, and the one place where its calls begin and end. */
import type { CallToolResult, McpServer, StandardSchemaWithJSON, ToolAnnotations } from '@modelcontextprotocol/server'
import { ServerError } from '@orchestrator/client'
import { describeFailure, describeFault, type NameField, type Ways } from '@orchestrator/client/texts'
import { OrchestratorError, printable } from '@orchestrator/shared/core'
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
  /** Milliseconds that it waits on purpose. */
  readonly waitsMs?: (given: z.output<I>) => number
  readonly run: (given: z.output<I>, call: ToolCall) => Promise<ToolAnswer>
}

export interface ToolAnswer {
  readonly text: string
  /** Everything that the output schema names but `text`; what it does not name is left out. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** One call of a tool. */
export interface ToolCall extends Pick<McpDependencies, 'connect' | 'findPlatform' | 'clock' | 'closing'> {
  readonly ways: Ways
  /** Aborted when the client takes its request back or leaves, and when the server is silent for too long. */
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
  const config = { title, description, annotations, inputSchema: shown(tool.input), outputSchema: shown(output) }
  const { clock, logger, command } = dependencies
  server.registerTool(name, config, async (given, { mcpReq }) => {
    const startedAt = clock.monotonicMs()
    const { signal, notify, _meta: meta } = mcpReq
    const token = meta?.progressToken
    const progress = async (news: Progress): Promise<void> => {
      if (token !== undefined)
        await notify({ method: 'notifications/progress', params: { progressToken: token, ...news } })
    }
    const result = await answer({ tool, dependencies }, given, { ways: toolWays(command), signal, progress })
    const refused = result.isError === true
    logger.info({ tool: name, refused, durationMs: clock.monotonicMs() - startedAt }, 'tool called')
    return result
  })
}

interface Registered<I extends z.ZodObject, O extends z.ZodObject> {
  readonly tool: Tool<I, O>
  readonly dependencies: McpDependencies
}

async function answer<I extends z.ZodObject, O extends z.ZodObject>(
  { tool, dependencies }: Registered<I, O>,
  given: unknown,
  asked: Pick<ToolCall, 'ways' | 'signal' | 'progress'>,
): Promise<CallToolResult> {
  const { name, input, output, nameField = nameParameter, waitsMs = () => 0 } = tool
  const parsed = input.safeParse(given)
  if (!parsed.success) {
    const lines = argumentFaults(parsed.error, given, input).map((fault) => `  ${describeFault(fault, nameField)}`)
    return refusal([`error: ${name} cannot be called like this:`, ...lines].join('\n'))
  }
  const patience = AbortSignal.timeout(dependencies.patienceMs + waitsMs(parsed.data))
  const call = { ...dependencies, ...asked, signal: AbortSignal.any([asked.signal, patience]) }
  try {
    const { text: told, facts } = await tool.run(parsed.data, call)
    const text = printable(told)
    return { content: [{ type: 'text', text }], structuredContent: harmless(output.parse({ ...facts, text })) }
  } catch (error) {
    asked.signal.throwIfAborted()
    if (patience.aborted) return refusal(silence(tool, dependencies))
    if (!isExpected(error)) dependencies.logger.warn({ tool: name, err: error }, 'tool failed')
    return refusal(describeFailure(error, nameField))
  }
}

function silence(
  { annotations }: Pick<Tool<z.ZodObject, z.ZodObject>, 'annotations'>,
  { command }: McpDependencies,
): string {
  const silent = `error: the server takes too long to answer: look what is wrong with "${command} doctor"`
  return annotations.readOnlyHint === true
    ? silent
    : `${silent}. It may have done what was asked: look with list_tasks before you ask again`
}

/** What the server refused, or what the person can mend; anything else is a fault of ours. */
function isExpected(error: unknown): boolean {
  return error instanceof ServerError || error instanceof OrchestratorError
}

function refusal(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] }
}

/** Over HTTP a server is made for each request, and writing these takes milliseconds. */
const written = new WeakMap<z.ZodObject, StandardSchemaWithJSON>()

/** The schema as clients are shown it, without a check of its own: arguments and answers are checked above. */
function shown(schema: z.ZodObject): StandardSchemaWithJSON {
  const known = written.get(schema)
  if (known !== undefined) return known
  const { jsonSchema, vendor, version } = schema['~standard']
  const once = { input: memo(jsonSchema.input), output: memo(jsonSchema.output) }
  const fresh: StandardSchemaWithJSON = {
    '~standard': { vendor, version, jsonSchema: once, validate: (value) => ({ value }) },
  }
  written.set(schema, fresh)
  return fresh
}

type Write = StandardSchemaWithJSON['~standard']['jsonSchema']['input']

/** It is asked for one kind of JSON Schema only. */
function memo(write: Write): Write {
  let json: ReturnType<Write> | undefined
  return (options) => (json ??= write(options))
}
