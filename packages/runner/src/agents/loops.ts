/**
 * Whether an agent goes round in circles. Deterministic rules over what it calls and what comes back; a result that
 * changes is progress, so polling is none of it. Pure but for what it remembers.
 */
import { sha256Hex } from '@orchestrator/shared/core'

export interface ToolUse {
  readonly tool: string
  readonly canonical: string
  readonly ok: boolean
  readonly text: string
}

export type Circle = { readonly level: 'advise' | 'end'; readonly what: string } | undefined

export interface LoopDetector {
  see(use: ToolUse): Circle
}

const ADVISE_IDENTICAL = 3
const END_IDENTICAL = 5
const ADVISE_ALTERNATING = 6
const END_ALTERNATING = 10
const REMEMBERED = END_ALTERNATING

export function createLoopDetector(): LoopDetector {
  let calls: string[] = []
  let lastError: { readonly key: string; count: number } | undefined
  const errorsInARow = ({ tool, ok, text }: ToolUse): number => {
    if (ok) lastError = undefined
    else {
      const key = `${tool}\n${maskVolatile(text)}`
      lastError = { key, count: lastError?.key === key ? lastError.count + 1 : 1 }
    }
    return lastError?.count ?? 0
  }
  return {
    see: (use) => {
      calls = [...calls, sha256Hex(`${use.tool}\n${use.canonical}\n${use.ok}\n${use.text}`)].slice(-REMEMBERED)
      return (
        judge(
          identicalAtEnd(calls),
          ADVISE_IDENTICAL,
          END_IDENTICAL,
          `the same call of ${use.tool} with the same result`,
        ) ??
        judge(errorsInARow(use), ADVISE_IDENTICAL, END_IDENTICAL, `the same error of ${use.tool}`) ??
        judge(
          alternatingAtEnd(calls),
          ADVISE_ALTERNATING,
          END_ALTERNATING,
          'the same two calls in turn with the same results',
        )
      )
    },
  }
}

// oxlint-disable-next-line max-params -- two thresholds of one scale
function judge(count: number, advise: number, end: number, what: string): Circle {
  if (count >= end) return { level: 'end', what: `${what}, ${count} times in a row` }
  return count === advise ? { level: 'advise', what: `${what}, ${count} times in a row` } : undefined
}

function identicalAtEnd(calls: readonly string[]): number {
  const last = calls.at(-1)
  return calls.length - 1 - calls.findLastIndex((call) => call !== last)
}

function alternatingAtEnd(calls: readonly string[]): number {
  const [a, b] = calls.slice(-2)
  if (a === undefined || a === b) return 0
  let count = 0
  while (count < calls.length && calls.at(-1 - count) === (count % 2 === 0 ? b : a)) count += 1
  return count
}

/** Numbers, hashes, paths and times differ from one time to the next although the error is the same. */
function maskVolatile(text: string): string {
  return text
    .replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{7,64}\b/gi, '#')
    .replaceAll(/\/[^\s:'"]+/g, '/…')
    .replaceAll(/\d+/g, '0')
}
