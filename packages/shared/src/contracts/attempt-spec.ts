/** What one attempt is to do, completely resolved at acceptance. Events are read openly: unknown fields pass. */
import { z } from 'zod'
import { holdsToken } from '../core/index.ts'
import { AgentName, AttemptRef } from './identity.ts'
import { Limits, StoredGate } from './limits.ts'
import { AttemptName } from './names.ts'
import { BranchName, RepositoryUrl, WorkingDirectory } from './repositories.ts'

/** A GitHub account, as commits carry it (author) and credentials are chosen by it. */
export const GithubUser = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$/, 'use a GitHub account name, for example "claude-agent-1"')

export const ModelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@[\]-]{0,99}$/, 'use a model name, for example "sonnet"')

export const RepositoryRef = z.object({
  url: RepositoryUrl.describe('where it is'),
  branch: BranchName.describe(
    'of the repository of the service: what the work is based on; of the platform repository: what holds the documents',
  ),
  githubUser: GithubUser.describe('whose credentials are used, and who is the author of commits'),
})
export type RepositoryRef = z.infer<typeof RepositoryRef>

/** `append`: base prompt, every earlier guidance, then this one. `replace`: this text instead of the base prompt. */
export const PromptMode = z.enum(['append', 'replace'])
export type PromptMode = z.infer<typeof PromptMode>

export const GUIDANCE_MAX_BYTES = 64 * 1024

export const Guidance = z
  .string()
  .refine((text) => text.trim() !== '', 'must not be blank')
  .refine(
    (text) => Buffer.byteLength(text) <= GUIDANCE_MAX_BYTES,
    `must be at most ${GUIDANCE_MAX_BYTES} bytes: put longer texts into the task's documents`,
  )
  .refine((text) => !text.includes('\u0000'), 'must not contain NUL characters')
  .refine(
    (text) => !holdsToken(text),
    'holds what looks like a token or a private key, and guidance is kept as it is written: leave it out, put it into a file, and name that file in the credentials of the agent',
  )

export const Prompt = z.object({
  mode: PromptMode.describe(
    '`append`: base prompt, every earlier guidance, then this one; `replace`: the guidance alone',
  ),
  guidance: z.exactOptional(z.string()).describe("this attempt's own guidance, verbatim"),
})

export const AttemptSpec = z.object({
  ...AttemptRef.shape,
  name: AttemptName.describe('name of the attempt'),
  workspace: z.string().describe('name of the workspace, for example "workspace-trader"'),
  branch: BranchName.describe('the feature branch, for all attempts of the task unless its first claim was lost'),
  agent: AgentName.describe('who does the work'),
  model: ModelName.describe('the model that the agent is to use'),
  repository: RepositoryRef.describe('the repository that is worked on'),
  platform: RepositoryRef.describe('the repository that holds the documents of the task'),
  workingDirectory: WorkingDirectory.describe('where in the repository the work is; `.` is the repository itself'),
  prompt: Prompt.describe('what the agent is told beside the documents'),
  limits: Limits.describe('bounds of the attempt'),
  gates: z
    .array(StoredGate)
    .describe("the service's default gates; a `gates.json` beside the task's documents goes before them"),
})
export type AttemptSpec = z.infer<typeof AttemptSpec>

/** Where a value of the spec came from, told to the person who asked. */
export const ValueSource = z.enum(['request', 'service', 'defaults', 'agent', 'previous', 'built-in'])
export type ValueSource = z.infer<typeof ValueSource>

/** The fields of the spec that may be left out of a request. */
const DEFAULTED_FIELDS = [
  'agent',
  'model',
  'repositoryUrl',
  'branch',
  'githubUser',
  'platformRepositoryUrl',
  'platformBranch',
  'platformUser',
  'workingDirectory',
  'limits',
  'gates',
] as const
export type DefaultedField = (typeof DEFAULTED_FIELDS)[number]
/** Field → {@link ValueSource}. Open on both sides: a newer release may have more fields, and more places where values come from. */
export const ValueSources = z.record(z.string(), z.string())
export type ValueSources = z.infer<typeof ValueSources>
