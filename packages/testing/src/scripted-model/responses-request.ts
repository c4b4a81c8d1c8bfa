/** `POST /responses`, the other large family of model APIs, read as the same conversation. */
import { z } from 'zod'
import { type ConversationRequest, digestOf, type ToolResult, workingDirectoryIn } from './conversation-request.ts'

const Part = z.looseObject({ text: z.exactOptional(z.string()) })
const Item = z.looseObject({
  type: z.string().default('message'),
  role: z.exactOptional(z.string()),
  content: z.exactOptional(z.union([z.string(), z.array(Part)])),
  call_id: z.exactOptional(z.string()),
  output: z.exactOptional(z.unknown()),
})
type Item = z.infer<typeof Item>
const Tool = z.looseObject({ name: z.exactOptional(z.string()), type: z.exactOptional(z.string()) })

const ResponsesBody = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  instructions: z.string().default(''),
  input: z.union([
    z.string().transform((text): Item[] => [{ type: 'message', role: 'user', content: text }]),
    z.array(Item),
  ]),
  tools: z.array(Tool).default([]),
  prompt_cache_key: z.exactOptional(z.string()),
})

/** @throws ZodError for a body that is none */
export function readResponsesRequest(body: unknown): ConversationRequest {
  const { model, stream, instructions, input, tools, prompt_cache_key: key } = ResponsesBody.parse(body)
  const of = (...roles: readonly string[]): string =>
    input
      .filter(({ role }) => role !== undefined && roles.includes(role))
      .map(textOf)
      .join('\n')
  const system = `${instructions}\n${of('developer', 'system')}`
  const prompt = of('user')
  return {
    session: key ?? digestOf(input[0]),
    isSubagent: false,
    model,
    stream,
    system,
    prompt,
    results: resultsAtEnd(input),
    tools: tools.map(({ name, type }) => name ?? type ?? ''),
    cwd: workingDirectoryIn(`${system}\n${prompt}`),
    isCompaction: false,
    digest: digestOf(input),
  }
}

function textOf({ content }: Item): string {
  if (content === undefined || typeof content === 'string') return content ?? ''
  return content.map(({ text }) => text ?? '').join('\n')
}

function resultsAtEnd(input: readonly Item[]): readonly ToolResult[] {
  const from = input.findLastIndex(({ type }) => type !== 'function_call_output') + 1
  return input.slice(from).map(({ call_id: id, output }) => {
    const text = typeof output === 'string' ? output : JSON.stringify(output)
    return { id: id ?? '', error: /exited with code (?!0\b)\d+/i.test(text), text }
  })
}
