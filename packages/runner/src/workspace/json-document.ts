/** Reading a person's JSON so that a fault leads them to its file, line and field. Pure. */
import { TerminalError } from '@orchestrator/shared/core'
import type { z } from 'zod'

/** @throws TerminalError INPUT_INVALID naming file and line */
export function parseJsonDocument(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const line = faultyLine(text)
    const hasComment = /(^|[^:"'])(\/\/|\/\*|#)/.test(text.split('\n')[line - 1] ?? '')
    const hint = hasComment ? ' (it has no comments: take them out)' : ''
    throw new TerminalError('INPUT_INVALID', `${file}, line ${line}, is not valid JSON${hint}`, {
      cause,
      details: { file },
    })
  }
}

/** @throws TerminalError INPUT_INVALID naming file and every field */
export function parseDocument<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const result = schema.safeParse(parseJsonDocument(text, file))
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${fieldOf(issue.path)}: ${issue.message}`)
  throw new TerminalError('INPUT_INVALID', `${file} is not valid: ${faults.slice(0, 10).join('; ')}`, {
    details: { file, faults },
  })
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.length === 0
    ? 'the document'
    : path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '')
}

/** The first line after which no continuation could make it right: parsers do not always say where they stopped. */
function faultyLine(text: string): number {
  const lines = text.split('\n')
  for (let count = 1; count < lines.length; count += 1) {
    if (!couldGoOn(`${lines.slice(0, count).join('\n')}\n`)) return count
  }
  return lines.length
}

function couldGoOn(start: string): boolean {
  try {
    JSON.parse(start)
    return true
  } catch (error) {
    const problem = error instanceof Error ? error.message : ''
    return (
      problem.startsWith('Unexpected end') ||
      problem.includes(`at position ${start.length} `) ||
      problem.endsWith(`at position ${start.length}`)
    )
  }
}
