/** Which turn a request gets: a cursor for each conversation. */
import { type ConversationRequest } from './conversation-request.ts'
import { unmetExpectations } from './expectations.ts'
import type { ModelScript, Plan, ScriptedTurn } from './scenario.ts'

export interface Playback {
  next(request: ConversationRequest): ScriptedTurn
  /** Expectations that did not hold. */
  readonly failures: readonly string[]
}

interface Conversation {
  readonly turns: readonly ScriptedTurn[]
  readonly after: Plan['after']
  played: number
  last?: { readonly digest: string; readonly turn: ScriptedTurn }
  failed?: string
}

const CLOSING: ScriptedTurn = { text: 'Done.' }
const SUMMARY: ScriptedTurn = {
  text: '<analysis>Scripted.</analysis>\n<summary>Scripted summary of the work so far.</summary>',
}

export function createPlayback(script: ModelScript): Playback {
  const conversations = new Map<string, Conversation>()
  const failures: string[] = []
  const conversationOf = (request: ConversationRequest): Conversation => {
    const known = conversations.get(request.session)
    if (known !== undefined) return known
    const { turns, after } = planFor(script, request)
    const expanded = turns.flatMap((turn) => Array.from({ length: turn.repeat ?? 1 }, () => turn))
    const begun: Conversation = { turns: expanded, after, played: 0 }
    conversations.set(request.session, begun)
    return begun
  }
  return {
    failures,
    next: (request) => {
      if (request.isCompaction) return SUMMARY
      // A title or a summary of a page: no part of the conversation.
      if (request.tools.length === 0) return { text: 'ok' }
      const conversation = conversationOf(request)
      if (conversation.failed !== undefined) return failure(conversation.failed)
      // A second try after an answer that got lost.
      if (conversation.last?.digest === request.digest) return withoutFault(conversation.last.turn)
      const turn = fill(pick(conversation), request)
      if (turn.error === undefined && turn.hang === undefined) conversation.last = { digest: request.digest, turn }
      const unmet = unmetExpectations(turn.expect ?? {}, request)
      if (unmet.length === 0) return turn
      conversation.failed = `turn ${conversation.played}: ${unmet.join('; ')}`
      failures.push(conversation.failed)
      return failure(conversation.failed)
    },
  }
}

function planFor(script: ModelScript, { isSubagent, prompt, system }: ConversationRequest): Plan {
  if (isSubagent) return { turns: [script.subagent ?? CLOSING] }
  const fits = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern, 's').test(text)
  return script.sessions.find(({ match }) => fits(match.prompt, prompt) && fits(match.system, system)) ?? script
}

function pick(conversation: Conversation): ScriptedTurn {
  const turn = conversation.turns[conversation.played]
  conversation.played += 1
  if (turn !== undefined) return turn
  if (conversation.after === 'repeat') return conversation.turns.at(-1) ?? CLOSING
  if (conversation.after === 'error') return failure('the script has no more turns')
  return conversation.after ?? CLOSING
}

function failure(message: string): ScriptedTurn {
  return { error: { status: 400, type: 'invalid_request_error', message: `scripted model: ${message}` } }
}

function withoutFault({ cut, ...turn }: ScriptedTurn): ScriptedTurn {
  return cut === undefined ? turn : { ...turn }
}

/** Placeholders in all texts of a turn. */
function fill(turn: ScriptedTurn, request: ConversationRequest): ScriptedTurn {
  const values: Readonly<Record<string, string>> = {
    cwd: request.cwd ?? '.',
    session: request.session,
    lastResult: request.results.at(-1)?.text ?? '',
  }
  const inside = (text: string): string =>
    text.replaceAll(/\{\{(cwd|session|lastResult)\}\}/g, (_, name: string) => JSON.stringify(values[name]).slice(1, -1))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same value, its texts changed
  return JSON.parse(inside(JSON.stringify(turn))) as ScriptedTurn
}
