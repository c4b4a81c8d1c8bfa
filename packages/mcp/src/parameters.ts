/** What tools are asked with. The values are the server's to judge, so that it names every fault in one way. */
import type { Given } from '@orchestrator/client'
import { PromptMode } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import { z } from 'zod'

const NotEmpty = z.string().min(1, 'must not be empty')

/** A text that may be left out. The descriptions are worded so that "pass the …" can go before them. */
export const optional = (what: string): z.ZodExactOptional<z.ZodString> => z.exactOptional(NotEmpty).describe(what)

export const service = NotEmpty.describe('service that the task is for, for example "trader"')
export const taskId = z
  .union([NotEmpty, z.int()], 'must be a text, or a whole number')
  .describe('task of the platform repository, for example "1" or "7.2"')
export const tag = optional('task list of the platform repository, where it has several; "master" when left out')
export const idempotencyKey = optional(
  'key of your own, 1 to 128 characters without spaces: the same one never submits twice, so pass it again when an answer got lost',
)
const promptMode = z
  .exactOptional(PromptMode)
  .describe(
    'way in which the guidance is used: "append" (as when left out) after the usual prompt and all earlier guidance, "replace" instead of them',
  )

/** What may be left out: then the service's settings, or its last attempt, say it, and the answer names the source. */
export const overridable = {
  agent: optional('agent that does the work, for example "claude-agent-1"'),
  repository_url: optional('target repository, for example "git@github.com:myorg/trader.git"'),
  github_user: optional('account that the commits carry, and whose credential is used; the agent when left out'),
  branch: optional('base branch of the target repository; "main" when left out'),
  model: optional('model of the agent, for example "sonnet"'),
  working_directory: optional(
    'directory inside the target repository, for example "trading-engine"; the name of the service when left out',
  ),
  platform_repository_url: optional(
    'repository that holds the documents of the tasks; where this server stands in a checkout of it, it is found',
  ),
  platform_branch: optional('branch of the platform repository'),
  platform_user: optional('account whose credential is used for the platform repository'),
  prompt_mode: promptMode,
}

/** Parameter and field of the API. */
const BODY_FIELDS = [
  ['agent', 'agent'],
  ['repository_url', 'repositoryUrl'],
  ['github_user', 'githubUser'],
  ['branch', 'branch'],
  ['model', 'model'],
  ['working_directory', 'workingDirectory'],
  ['platform_repository_url', 'platformRepositoryUrl'],
  ['platform_branch', 'platformBranch'],
  ['platform_user', 'platformUser'],
  ['prompt_mode', 'promptMode'],
] as const satisfies readonly (readonly [keyof typeof overridable, string])[]

type Overrides = { readonly [P in Exclude<keyof typeof overridable, 'prompt_mode'>]?: string | undefined } & {
  readonly prompt_mode?: PromptMode | undefined
}

/** The request's body for what was overridden. */
export function toBody(given: Overrides): Omit<Given<'retryTask'>['body'], 'guidance'> {
  return {
    agent: given.agent,
    repositoryUrl: given.repository_url,
    githubUser: given.github_user,
    branch: given.branch,
    model: given.model,
    workingDirectory: given.working_directory,
    platformRepositoryUrl: given.platform_repository_url,
    platformBranch: given.platform_branch,
    platformUser: given.platform_user,
    promptMode: given.prompt_mode,
  }
}

const PARAMETERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(BODY_FIELDS.map(([parameter, field]) => [field, parameter])),
  taskId: 'task_id',
  // As the paths and headers of the API spell them.
  id: 'task_id',
  name: 'attempt',
  'idempotency-key': 'idempotency_key',
}

/** What a field of the API is called among the parameters. */
export function nameParameter(field: string): string {
  return PARAMETERS[field] ?? printableLine(field)
}
