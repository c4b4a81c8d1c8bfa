/** A turn as the message that a model would have answered. */
import { randomUUID } from 'node:crypto'
import type { ConversationRequest } from './conversation-request.ts'
import type { ScriptedTurn } from './scenario.ts'

export type AnswerBlock =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown }

export interface AnswerUsage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation_input_tokens: number
}

export interface Answer {
  readonly id: string
  readonly type: 'message'
  readonly role: 'assistant'
  readonly model: string
  readonly content: readonly AnswerBlock[]
  readonly stop_reason: string
  readonly stop_sequence: null
  readonly usage: AnswerUsage
}

export function toAnswer(turn: ScriptedTurn, request: ConversationRequest, requestBytes: number): Answer {
  const content = blocksOf(turn)
  const usesTools = content.some(({ type }) => type === 'tool_use')
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content,
    stop_reason: turn.stopReason ?? (usesTools ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: {
      input_tokens: tokens(requestBytes),
      output_tokens: tokens(JSON.stringify(content).length),
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      ...turn.usage,
    },
  }
}

function blocksOf({ thinking, text, tools }: ScriptedTurn): readonly AnswerBlock[] {
  const blocks: AnswerBlock[] = []
  if (thinking !== undefined) blocks.push({ type: 'thinking', thinking, signature: 'c2lnbmF0dXJl' })
  if (text !== undefined) blocks.push({ type: 'text', text })
  for (const { name, input } of tools ?? [])
    blocks.push({ type: 'tool_use', id: `toolu_${randomUUID().replaceAll('-', '').slice(0, 24)}`, name, input })
  return blocks.length === 0 ? [{ type: 'text', text: '' }] : blocks
}

/** As good as any rule of thumb. */
function tokens(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4))
}
