/** Errors of the command line, which names fields by their flags. Pure. */
import { ServerError } from '@orchestrator/client'
import { describeFailure as describeFor } from '@orchestrator/client/texts'
import { describeError, OrchestratorError, printableLine } from '@orchestrator/shared/core'
import { SettingsError } from '@orchestrator/shared/service'

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
  since: '--since',
  until: '--until',
  limits: '--limit',
  [`headers.idempotency-key`]: '--idempotency-key',
  'idempotency-key': '--idempotency-key',
}

export function describeFailure(error: unknown): string {
  return describeFor(error, nameOf)
}

/** The same for a program. */
export function errorToJson(error: unknown): unknown {
  if (error instanceof ServerError) return { error: error.problem }
  const code = error instanceof OrchestratorError ? error.code : 'ERROR'
  const faults = error instanceof SettingsError ? { faults: error.faults } : {}
  return { error: { code, detail: describeError(error), ...faults } }
}

function nameOf(field: string): string {
  const [head = '', ...rest] = field.split('.')
  const flag = FLAGS[field] ?? FLAGS[head]
  const name = printableLine(field)
  return flag === undefined
    ? name
    : `${name} (${flag}${rest.length > 0 && head === 'limits' ? ` ${printableLine(rest.join('.'))}=…` : ''})`
}
