/** A lead who talks to the tools: through a client of the protocol, and through Claude Code. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { startScriptedModel, temporaryDirectory } from '@orchestrator/testing'
import { expect, vi } from 'vitest'
import { z } from 'zod'
import { API_KEY, CLAUDE } from './agent-site.ts'

const run = promisify(execFile)

/** Longer than any order waits: by itself a client gives up after a minute. */
const PATIENCE_MS = 180_000

export interface Answer {
  readonly text: string
  /** What programs are told; `undefined` with an answer that refuses. */
  readonly facts: unknown
}

export interface Order {
  /** What the lead says. */
  readonly says: string
  /** What is done about it. */
  readonly tool: string
  readonly given: Readonly<Record<string, unknown>>
}

export interface Lead extends AsyncDisposable {
  ask(order: Order): Promise<Answer>
}

export interface Site {
  /** Where the lead stands. */
  readonly cwd: string
  readonly announced: Announced
  /** Where tokens are required: what the announced configuration takes from its environment. */
  readonly token?: string
}

/** What `up` says about giving the tools to a client. */
export interface Announced {
  /** Line for a shell. */
  readonly claudeCommand: string
  readonly server: z.infer<typeof Server>
}

const Server = z.union([
  z.object({ command: z.string(), args: z.array(z.string()) }),
  z.object({ type: z.literal('http'), url: z.url(), headers: z.record(z.string(), z.string()).default({}) }),
])
const Configuration = z.object({ mcpServers: z.object({ orchestrator: Server }) })

export type Door = 'stdio' | 'http'

/** @param output of `up` */
export function readAnnounced(output: string, door: Door): Announced {
  const at = door === 'stdio' ? 0 : 1
  const json = [...output.matchAll(/\{"mcpServers".*/g)][at]?.[0] ?? ''
  const claudeCommand = [...output.matchAll(/claude mcp add .*/g)][at]?.[0] ?? ''
  return { claudeCommand, server: Configuration.parse(JSON.parse(json)).mcpServers.orchestrator }
}

const Content = z.array(z.looseObject({ text: z.string() }))
const Result = z.looseObject({
  content: Content,
  structuredContent: z.exactOptional(z.looseObject({ text: z.string() })),
})

/** Speaks the protocol itself. */
export async function connectClient({ announced, cwd, token = '' }: Site): Promise<Lead> {
  const client = new Client({ name: 'lead', version: '0' }, { versionNegotiation: { mode: 'auto' } })
  const { server } = announced
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }
  const transport =
    'command' in server
      ? new StdioClientTransport({ ...server, env, cwd })
      : new StreamableHTTPClientTransport(new URL(server.url), {
          requestInit: { headers: filled(server.headers, token) },
        })
  await client.connect(transport)
  return {
    ask: async ({ tool, given }) => {
      const result = Result.parse(
        await client.callTool({ name: tool, arguments: { ...given } }, { timeout: PATIENCE_MS }),
      )
      return { text: result.content.map(({ text }) => text).join('\n'), facts: result.structuredContent }
    },
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

/** As clients fill in what they find in their environment. */
function filled(headers: Readonly<Record<string, string>>, token: string): Record<string, string> {
  const fill = (text: string): string => text.replace('${ORCHESTRATOR_TOKEN}', token)
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]))
}

const ToolResult = z.looseObject({
  type: z.literal('tool_result'),
  is_error: z.exactOptional(z.boolean()),
  content: z.union([z.string(), Content.transform((parts) => parts.map(({ text }) => text).join('\n'))]),
})
const Told = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('user'), message: z.looseObject({ content: z.array(ToolResult) }) }),
  z.looseObject({ type: z.literal('result'), is_error: z.boolean(), result: z.exactOptional(z.string()) }),
])

/** The real Claude Code, told of the tools by the line that `up` prints; what its model decides is scripted. */
export async function startClaudeLead(site: Site): Promise<Lead> {
  await using stack = new AsyncDisposableStack()
  const home = stack.use(await temporaryDirectory())
  const model = stack.use(await startScriptedModel({ script: { turns: [] }, apiKey: API_KEY }))
  const env = {
    PATH: `${dirname(CLAUDE ?? '')}:${process.env['PATH']}`,
    HOME: home.path,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: API_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ENABLE_TOOL_SEARCH: 'false',
    ...(site.token === undefined ? {} : { ORCHESTRATOR_TOKEN: site.token }),
  }
  const here = { cwd: site.cwd, env }
  await run('sh', ['-c', site.announced.claudeCommand], here)
  const args =
    '-p --verbose --input-format stream-json --output-format stream-json --allowedTools mcp__orchestrator'.split(' ')
  const claude = spawn('claude', args, { ...here, stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(claude, 'close')
  stack.defer(async () => {
    claude.stdin.end()
    await closed
  })
  const lines = createInterface({ input: claude.stdout })[Symbol.asyncIterator]()
  await untilConnected(claude.stdin, lines)
  const owned = stack.move()
  return {
    ask: async ({ says, tool, given }) => {
      const name = `mcp__orchestrator__${tool}`
      const turns = [{ tools: [{ name, input: { ...given } }], expect: { prompt: says, toolOffered: name } }]
      model.play({ turns: [...turns, { text: 'Told.' }], after: 'error' })
      const content = [{ type: 'text', text: says }]
      claude.stdin.write(`${JSON.stringify({ type: 'user', message: { role: 'user', content } })}\n`)
      const answer = await readAnswer(lines)
      if (model.failures.length > 0) throw new Error(model.failures.join('\n'))
      return answer
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

const McpStatus = z.looseObject({
  response: z.looseObject({
    response: z.looseObject({ mcpServers: z.tuple([z.looseObject({ status: z.string() })]) }),
  }),
})

/** Claude Code begins without a server that is slow to start; a person would see that its tools are not there yet. */
async function untilConnected(stdin: Writable, lines: AsyncIterator<string>): Promise<void> {
  const question = { type: 'control_request', request_id: 'status', request: { subtype: 'mcp_status' } }
  await vi.waitFor(
    async () => {
      stdin.write(`${JSON.stringify(question)}\n`)
      const { value } = await lines.next()
      const { mcpServers } = McpStatus.parse(JSON.parse(value)).response.response
      expect(mcpServers[0].status).toBe('connected')
    },
    { timeout: 60_000, interval: 200 },
  )
}

/** What the model was shown as the tool's answer, until the turn is over. */
async function readAnswer(lines: AsyncIterator<string>): Promise<Answer> {
  let answer: Answer | undefined
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('Claude Code ended in the middle of a conversation')
    const { data: told } = Told.safeParse(JSON.parse(value))
    if (told?.type === 'user') answer = toAnswer(told.message.content[0])
    if (told?.type !== 'result') continue
    if (told.is_error || answer === undefined) throw new Error(`no answer: ${value}`)
    return answer
  }
}

function toAnswer(shown: z.infer<typeof ToolResult> | undefined): Answer | undefined {
  if (shown === undefined) return undefined
  if (shown.is_error === true) return { text: shown.content, facts: undefined }
  const facts = z.looseObject({ text: z.string() }).parse(JSON.parse(shown.content))
  return { text: facts.text, facts }
}
