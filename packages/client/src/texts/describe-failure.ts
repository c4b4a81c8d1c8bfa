/** Errors as people read them: what is wrong, with which value, and what to do. Pure. */
import { describeError, OrchestratorError, printable, printableLine } from '@orchestrator/shared/core'
import type { Problem } from '../generated/api.ts'
import { ServerError } from '../server-error.ts'

const VALUE_MAX = 120

/** What a field of the API is called at the door that the reader came by. */
export type NameField = (field: string) => string

export function describeFailure(error: unknown, nameField: NameField): string {
  if (error instanceof ServerError) return describeProblem(error.problem, nameField)
  if (error instanceof OrchestratorError) return `error: ${printable(error.message)}${causeOf(error)}`
  return `error: ${printable(describeError(error))}`
}

function describeProblem(problem: Problem, nameField: NameField): string {
  const faults = (problem.errors ?? []).map((fault) => `  ${describeFault(fault, nameField)}`)
  // With faults the detail only says them once more, in one line.
  const head = faults.length > 0 ? `${printable(problem.title)}:` : printable(problem.detail)
  return [`error: ${head}`, ...faults].join('\n')
}

export interface Fault {
  readonly field: string
  readonly value?: unknown
  readonly message: string
}

/** Field, value, and what to pass instead, on one line. */
export function describeFault({ field, value, message }: Fault, nameField: NameField): string {
  return `${nameField(field)}${valueOf(value)}: ${printableLine(message)}`
}

function valueOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = JSON.stringify(value) ?? ''
  return ` ${printableLine(text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text)}`
}

function causeOf({ cause, code }: OrchestratorError): string {
  return cause === undefined || code === 'SERVER_UNREACHABLE' ? '' : ` (${printable(describeError(cause))})`
}
