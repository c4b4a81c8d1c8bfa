/** Errors as people read them: what is wrong, with which value, and what to do. Pure. */
import type { Problem } from '@orchestrator/shared/contracts'
import { describeError, OrchestratorError, printable, printableLine } from '@orchestrator/shared/core'
import { ServerError } from '../server-error.ts'

const VALUE_MAX = 120

/** Fields of a request and the flags that set them. */
const FLAGS: Readonly<Record<string, string>> = {
  agent: '--agent',
  model: '--model',
  repositoryUrl: '--repository-url',
  branch: '--branch',
  githubUser: '--github-user',
  platformRepositoryUrl: '--platform-repository-url',
  platformBranch: '--platform-branch',
  platformUser: '--platform-user',
  workingDirectory: '--working-directory',
  guidance: '--guidance',
  promptMode: '--prompt-mode',
  previous: '--previous',
  tag: '--tag',
  limits: '--limit',
  [`headers.idempotency-key`]: '--idempotency-key',
  'idempotency-key': '--idempotency-key',
}

export function describeFailure(error: unknown): string {
  if (error instanceof ServerError) return describeProblem(error.problem)
  if (error instanceof OrchestratorError) return `error: ${printable(error.message)}${causeOf(error)}`
  return `error: ${printable(describeError(error))}`
}

function describeProblem(problem: Problem): string {
  const faults = (problem.errors ?? []).map(
    ({ field, value, message }) => `  ${nameOf(field)}${valueOf(value)}: ${printableLine(message)}`,
  )
  // With faults the detail only says them once more, in one line.
  const head = faults.length > 0 ? `${printable(problem.title)}:` : printable(problem.detail)
  return [`error: ${head}`, ...faults].join('\n')
}

/** The same for a program. */
export function errorToJson(error: unknown): unknown {
  if (error instanceof ServerError) return { error: error.problem }
  const code = error instanceof OrchestratorError ? error.code : 'ERROR'
  return { error: { code, detail: describeError(error) } }
}

function nameOf(field: string): string {
  const [head = '', ...rest] = field.split('.')
  const flag = FLAGS[field] ?? FLAGS[head]
  const name = printableLine(field)
  return flag === undefined
    ? name
    : `${name} (${flag}${rest.length > 0 && head === 'limits' ? ` ${printableLine(rest.join('.'))}=…` : ''})`
}

function valueOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = JSON.stringify(value) ?? ''
  return ` ${printableLine(text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text)}`
}

function causeOf({ cause, code }: OrchestratorError): string {
  return cause === undefined || code === 'SERVER_UNREACHABLE' ? '' : ` (${printable(describeError(cause))})`
}
