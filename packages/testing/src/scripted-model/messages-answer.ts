import type { Answer, AnswerBlock } from './answer.ts'
import type { EventStream } from './event-stream.ts'

/** An answer as the Messages API streams it; `cut` breaks the connection within the first block. */
export async function streamMessage(stream: EventStream, answer: Answer, cut: boolean): Promise<void> {
  const { content, stop_reason: stopReason, usage } = answer
  await stream.send('message_start', {
    message: { ...answer, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  })
  for (const [index, block] of content.entries()) {
    await stream.send('content_block_start', { index, content_block: emptied(block) })
    for (const delta of deltasOf(block)) await stream.send('content_block_delta', { index, delta })
    if (cut) return stream.cut()
    await stream.send('content_block_stop', { index })
  }
  await stream.send('message_delta', {
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  })
  await stream.send('message_stop', {})
  stream.end()
}

function emptied(block: AnswerBlock): Readonly<Record<string, unknown>> {
  if (block.type === 'text') return { ...block, text: '' }
  return block.type === 'thinking' ? { ...block, thinking: '', signature: '' } : { ...block, input: {} }
}

function deltasOf(block: AnswerBlock): readonly Readonly<Record<string, unknown>>[] {
  if (block.type === 'text') return pieces(block.text, 80).map((text) => ({ type: 'text_delta', text }))
  if (block.type === 'thinking')
    return [
      { type: 'thinking_delta', thinking: block.thinking },
      { type: 'signature_delta', signature: block.signature },
    ]
  return pieces(JSON.stringify(block.input), 200).map((json) => ({ type: 'input_json_delta', partial_json: json }))
}

function pieces(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.max(1, Math.ceil(text.length / length)) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  )
}
