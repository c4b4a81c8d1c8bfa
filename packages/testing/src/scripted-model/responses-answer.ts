import type { Answer } from './answer.ts'
import type { EventStream } from './event-stream.ts'

/** An answer as the Responses API streams it; `cut` breaks the connection after the first item. */
export async function streamResponse(stream: EventStream, answer: Answer, cut: boolean): Promise<void> {
  const { id, usage } = answer
  await stream.send('response.created', { response: { id } })
  for (const [index, item] of itemsOf(answer).entries()) {
    await stream.send('response.output_item.done', { output_index: index, item })
    if (cut) return stream.cut()
  }
  const { input_tokens: input, output_tokens: output, cache_read_input_tokens: cached } = usage
  await stream.send('response.completed', {
    response: {
      id,
      usage: {
        input_tokens: input,
        input_tokens_details: { cached_tokens: cached },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: input + output,
      },
    },
  })
  stream.end()
}

function itemsOf({ content }: Answer): readonly Readonly<Record<string, unknown>>[] {
  return content.flatMap((block): readonly Readonly<Record<string, unknown>>[] => {
    if (block.type === 'thinking') return []
    if (block.type === 'text')
      return [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: block.text }] }]
    return [{ type: 'function_call', call_id: block.id, name: block.name, arguments: JSON.stringify(block.input) }]
  })
}
