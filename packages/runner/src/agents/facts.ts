/** What an agent's output tells, in the same words for every kind of agent. */
import type { AgentFailure } from '../ports.ts'

export type AgentFact =
  /** It is there: from now on the session can be taken up again by its id. */
  | { readonly kind: 'session'; readonly sessionId: string; readonly description: string }
  | { readonly kind: 'text'; readonly text: string; readonly subagent: boolean }
  /** A tool is used; `canonical` is equal for two calls that ask for the same. */
  | {
      readonly kind: 'call'
      readonly id: string
      readonly tool: string
      readonly summary: string
      readonly canonical: string
      /** The command line, where the tool runs one. */
      readonly command?: string
    }
  /** A tool answered; `text` is what the model is shown of it. */
  | {
      readonly kind: 'return'
      readonly id: string
      readonly ok: boolean
      readonly text: string
      readonly exitCode?: number
    }
  | { readonly kind: 'denied'; readonly tool: string }
  /** Totals of this run so far. */
  | {
      readonly kind: 'use'
      readonly inputTokens: number
      readonly outputTokens: number
      readonly costUsd: number | null
    }
  | { readonly kind: 'turn' }
  | { readonly kind: 'note'; readonly level: 'info' | 'warning'; readonly text: string }
  /** It wanted to end and was sent back to work. */
  | { readonly kind: 'sent-back'; readonly reason: string }
  /** It is done. When more follows all the same, it was not, and says so again. */
  | { readonly kind: 'finished'; readonly failure?: AgentFailure; readonly text?: string }
  /** There is no use in going on: it is ended at once. */
  | { readonly kind: 'fatal'; readonly failure: AgentFailure }
  /** A line that nobody knows, kept as it is. */
  | { readonly kind: 'unknown'; readonly line: string }

/** The longest summary of a call. */
const SUMMARY_MAX = 300

/** What a call is about, from whatever its arguments are called. */
export function summaryOf(input: Readonly<Record<string, unknown>>): string {
  const names = ['command', 'file_path', 'notebook_path', 'path', 'pattern', 'url', 'query', 'description', 'skill']
  const told = names.map((name) => input[name]).find((value) => typeof value === 'string')
  const text = typeof told === 'string' ? told : JSON.stringify(input)
  return text.length > SUMMARY_MAX ? `${text.slice(0, SUMMARY_MAX)}…` : text
}

/** JSON with its keys in order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
