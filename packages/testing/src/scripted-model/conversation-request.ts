/** A request to a model, as far as a script is interested, whichever API it came by. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'

export interface ToolResult {
  readonly id: string
  readonly error: boolean
  readonly text: string
}

export interface ConversationRequest {
  /** Requests of one conversation have one; a subagent's is its own. */
  readonly session: string
  readonly isSubagent: boolean
  readonly model: string
  readonly stream: boolean
  readonly system: string
  /** Everything that users said, the agent's own reminders included. */
  readonly prompt: string
  /** Of the last message. */
  readonly results: readonly ToolResult[]
  readonly tools: readonly string[]
  readonly cwd: string | undefined
  /** The agent asks for a summary of a conversation that has grown too long. */
  readonly isCompaction: boolean
  /** Of all messages: the same for a client's second try. */
  readonly digest: string
}

const Block = z.looseObject({
  type: z.string(),
  text: z.exactOptional(z.string()),
  tool_use_id: z.exactOptional(z.string()),
  is_error: z.exactOptional(z.boolean()),
  content: z.exactOptional(z.unknown()),
})
const Content = z.union([z.string(), z.array(Block)])
type Content = z.infer<typeof Content>

const MessagesBody = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  system: Content.default(''),
  messages: z.array(z.looseObject({ role: z.string(), content: Content })),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
})

function textOf(content: unknown): string {
  const parsed = Content.safeParse(content)
  if (!parsed.success) return ''
  if (typeof parsed.data === 'string') return parsed.data
  return parsed.data.map((block) => block.text ?? textOf(block.content)).join('\n')
}

function saidIn(content: Content): readonly string[] {
  return typeof content === 'string'
    ? [content]
    : content.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []))
}

/** `POST /v1/messages`. @throws ZodError for a body that is none */
export function readMessagesRequest(body: unknown, headers: IncomingHttpHeaders): ConversationRequest {
  const { model, stream, system, messages, tools } = MessagesBody.parse(body)
  const users = messages.filter(({ role }) => role === 'user')
  const last = users.at(-1)?.content ?? ''
  const isSubagent = headers['x-claude-code-agent-id'] !== undefined
  const session = String(headers['x-claude-code-session-id'] ?? digestOf(users[0]?.content))
  const texts = {
    system: [
      textOf(system),
      ...messages.filter(({ role }) => role === 'system').map(({ content }) => textOf(content)),
    ].join('\n'),
    prompt: users.flatMap(({ content }) => saidIn(content)).join('\n'),
  }
  return {
    ...texts,
    session: isSubagent ? `${session}/${String(headers['x-claude-code-agent-id'])}` : session,
    isSubagent,
    model,
    stream,
    results: resultsIn(last),
    tools: tools.map(({ name }) => name),
    cwd: workingDirectoryIn(`${texts.system}\n${texts.prompt}`),
    isCompaction: saidIn(last).join('\n').includes('Your task is to create a detailed summary of the conversation'),
    digest: digestOf(messages),
  }
}

function resultsIn(content: Content): readonly ToolResult[] {
  if (typeof content === 'string') return []
  return content
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({ id: block.tool_use_id ?? '', error: block.is_error === true, text: textOf(block.content) }))
}

export function workingDirectoryIn(text: string): string | undefined {
  const found =
    /(?:Primary working directory|Working directory|cwd): *(\S.*)/i.exec(text) ?? /<cwd>([^<]+)<\/cwd>/.exec(text)
  return found?.[1]?.trim()
}

export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
}
