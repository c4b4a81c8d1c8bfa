import { cutToBytes, type Clock } from '@orchestrator/shared/core'
/** From facts to lines of the attempt's log. */
import type { LineLog } from '../ports.ts'
import type { AgentFact } from './facts.ts'
import { type Circle, createLoopDetector } from './loops.ts'
import { testsIn } from './test-commands.ts'

export interface Teller {
  tell(fact: AgentFact): Circle
  /** Calls that never came back, and what the run as a whole showed. */
  close(): void
  readonly lastText: string | undefined
  readonly deniedTools: readonly string[]
}

type Call = Extract<AgentFact, { kind: 'call' }>
type Return = Extract<AgentFact, { kind: 'return' }>

const LAST_TEXT_MAX_BYTES = 4096
/** So often an agent is sent back to look for a test before its claim is let stand. */
const CLAIMS_REFUSED = 2

export function createTeller({ log, clock }: { readonly log: LineLog; readonly clock: Clock }): Teller {
  const open = new Map<string, { readonly call: Call; readonly sinceMs: number }>()
  const loops = createLoopDetector()
  const deniedTools: string[] = []
  let lastText: string | undefined
  let turns = 0
  let toolCalls = 0
  let sentBack = 0
  let used = { inputTokens: 0, outputTokens: 0, costUsd: null as number | null }

  const tellUse = (): number => log.write({ kind: 'usage', usage: { ...used, turns, toolCalls } })
  const note = (level: 'info' | 'warning', text: string): void => void log.write({ kind: 'note', level, text })
  const onReturn = ({ id, ok, text, exitCode }: Return): Circle => {
    const begun = open.get(id)
    if (begun === undefined) return undefined
    open.delete(id)
    const { tool, summary, canonical, command } = begun.call
    const durationMs = Math.round(clock.monotonicMs() - begun.sinceMs)
    log.write({ kind: 'tool', tool, summary, ok, durationMs })
    for (const test of command === undefined ? [] : testsIn(command, exitCode ?? null))
      log.write({ kind: 'test', ...test, durationMs })
    return loops.see({ tool, canonical, ok, text })
  }
  const others = (fact: Exclude<AgentFact, Return>): void => {
    switch (fact.kind) {
      case 'session':
        return note('info', fact.description)
      case 'text':
        if (!fact.subagent) lastText = cutToBytes(fact.text, LAST_TEXT_MAX_BYTES)
        return void log.write({ kind: 'text', text: fact.subagent ? `(subagent) ${fact.text}` : fact.text })
      case 'call':
        toolCalls += 1
        return void open.set(fact.id, { call: fact, sinceMs: clock.monotonicMs() })
      case 'denied':
        deniedTools.push(fact.tool)
        return note('warning', `its settings refuse this use of the tool ${fact.tool}`)
      case 'use': {
        const { inputTokens, outputTokens, costUsd } = fact
        used = { inputTokens, outputTokens, costUsd }
        tellUse()
        return undefined
      }
      case 'turn':
        turns += 1
        tellUse()
        return undefined
      case 'note':
        return note(fact.level, fact.text)
      case 'sent-back':
        sentBack += 1
        return note('warning', `it wanted to end and was sent back to work: ${fact.reason}`)
      case 'unknown':
        return void log.write({ kind: 'output', stream: 'stdout', text: fact.line })
      default:
        return undefined
    }
  }
  return {
    tell: (fact) => {
      if (fact.kind === 'return') return onReturn(fact)
      others(fact)
      return undefined
    },
    close: () => {
      for (const { call } of open.values()) log.write({ kind: 'tool', tool: call.tool, summary: call.summary })
      open.clear()
      if (sentBack >= CLAIMS_REFUSED)
        log.write({ kind: 'flag', flag: 'UnverifiedClaim', detail: 'it ended without a test that was seen passing' })
      for (const tool of new Set(deniedTools)) log.write({ kind: 'flag', flag: 'ToolsDenied', detail: tool })
    },
    get lastText() {
      return lastText
    },
    deniedTools,
  }
}
