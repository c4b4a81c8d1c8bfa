/** The part of MCP that a tool server over standard input and output needs: hand-shake, list, call. */
import { createInterface } from 'node:readline'
import { z } from 'zod'

export const ToolCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) })
export type ToolCall = z.infer<typeof ToolCall>

export interface ToolHandlers {
  /** Names of the tools. */
  list(): Promise<readonly string[]>
  /** What a tool answers; `undefined` when there is no such tool. */
  call(call: ToolCall): Promise<string | undefined>
}

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().default(''),
  params: z.record(z.string(), z.unknown()).default({}),
})
export type Message = z.output<typeof Message>

/** Serves until standard input ends. */
export async function serveStdio(handlers: ToolHandlers): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const answer = await answerTo(Message.parse(JSON.parse(line)), handlers)
    if (answer !== undefined) process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

/** The JSON-RPC answer; `undefined` for a notification. */
export async function answerTo({ id, method, params }: Message, handlers: ToolHandlers): Promise<object | undefined> {
  if (id === undefined) return undefined
  const result = await resultOf(method, params, handlers)
  if (result !== undefined) return { jsonrpc: '2.0', id, result }
  return { jsonrpc: '2.0', id, error: { code: -32601, message: `there is no ${method}` } }
}

async function resultOf(
  method: string,
  params: Message['params'],
  handlers: ToolHandlers,
): Promise<object | undefined> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params['protocolVersion'] ?? '2024-11-05',
        capabilities: { tools: {} },
        serverInfo: { name: 'stand-in', version: '1.0.0' },
      }
    case 'tools/list':
      return { tools: (await handlers.list()).map(describe) }
    case 'tools/call': {
      const answer = await handlers.call(ToolCall.parse(params))
      const text = answer ?? 'there is no such tool'
      return { content: [{ type: 'text', text }], isError: answer === undefined }
    }
    default:
      return undefined
  }
}

function describe(name: string): object {
  return {
    name,
    description: `The tool ${name}.`,
    inputSchema: { type: 'object', properties: { query: { type: 'string' } } },
  }
}
