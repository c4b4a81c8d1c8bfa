/** The HTTP API's bodies, shared by the submitter and its clients. Requests are strict, answers may grow. */
import { z } from 'zod'
import { Guidance, GithubUser, ModelName, PromptMode, ValueSources } from './attempt-spec.ts'
import { Requester } from './events.ts'
import { AgentName, AttemptNumber, ServiceName, Tag, TaskIdInput, TaskRef } from './identity.ts'
import { mayBeLeftOut } from './left-out.ts'
import { Gates, Limits, LimitsInput } from './limits.ts'
import { AttemptName } from './names.ts'
import { Phase, Step } from './phases.ts'
import { BranchName, RepositoryUrl, WorkingDirectory } from './repositories.ts'
import { ResultSummary, Usage } from './result.ts'

/** The largest request body, bytes. */
export const BODY_MAX_BYTES = 256 * 1024
export const IDEMPOTENCY_HEADER = 'idempotency-key'
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7E]{1,128}$/, 'use 1 to 128 printable characters without spaces')

const overridable = {
  agent: mayBeLeftOut(AgentName),
  model: mayBeLeftOut(ModelName),
  repositoryUrl: mayBeLeftOut(RepositoryUrl),
  /** Base branch of the target repository. */
  branch: mayBeLeftOut(BranchName),
  githubUser: mayBeLeftOut(GithubUser),
  platformRepositoryUrl: mayBeLeftOut(RepositoryUrl),
  platformBranch: mayBeLeftOut(BranchName),
  platformUser: mayBeLeftOut(GithubUser),
  workingDirectory: mayBeLeftOut(WorkingDirectory),
  promptMode: mayBeLeftOut(PromptMode),
  limits: mayBeLeftOut(LimitsInput),
  gates: mayBeLeftOut(Gates),
  /** The attempt that this one answers; the latest when left out. No longer the latest: 409 with the latest. */
  previous: mayBeLeftOut(z.union([AttemptNumber, AttemptName])),
}

/** `POST /v1/tasks`. For a task that has earlier attempts it is a retry. */
export const SubmitBody = z.strictObject({
  service: ServiceName,
  taskId: TaskIdInput,
  tag: Tag.default('master'),
  guidance: mayBeLeftOut(Guidance),
  ...overridable,
})
export type SubmitBody = z.infer<typeof SubmitBody>
export type SubmitInput = z.input<typeof SubmitBody>

/** `POST /v1/tasks/{service}/{id}/retry?tag=`: as a submit, with guidance required. */
export const RetryBody = z.strictObject({ guidance: Guidance, ...overridable })
export type RetryBody = z.infer<typeof RetryBody>

/** `POST /v1/attempts/{name}/stop` */
export const StopBody = z.strictObject({ note: z.exactOptional(z.string().max(1000)) })
export type StopBody = z.infer<typeof StopBody>

const Repository = z.object({ url: z.string(), branch: z.string(), githubUser: z.string() })

export const SubmitAnswer = z.object({
  task: TaskRef,
  attempt: AttemptName,
  n: AttemptNumber,
  agent: AgentName,
  model: z.string(),
  repository: Repository,
  platform: Repository,
  workingDirectory: z.string(),
  /** `default`: the service's name; `custom`: asked for, now or by the attempt that this one answers. */
  workingDirectoryKind: z.enum(['default', 'custom']),
  workspace: z.string(),
  workspaceIsNew: z.boolean(),
  branch: BranchName,
  branchIsNew: z.boolean(),
  guidance: z.string().nullable(),
  promptMode: PromptMode,
  previous: AttemptName.nullable(),
  limits: Limits,
  sources: ValueSources,
  /** Attempts that go first in this workspace: an estimate from the view. */
  ahead: z.int(),
  /** True when the same idempotency key had already made this attempt. */
  repeated: z.boolean(),
  warnings: z.array(z.string()),
  /** What happens next, in order. */
  next: z.array(z.string()),
  /** Sequence in the ledger; a read with `after=<sequence>` sees this attempt. */
  sequence: z.int(),
})
export type SubmitAnswer = z.infer<typeof SubmitAnswer>

export const AttemptView = z.object({
  name: AttemptName,
  ...TaskRef.shape,
  n: AttemptNumber,
  agent: AgentName,
  model: z.string(),
  phase: Phase,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  step: Step.nullable(),
  ahead: z.int().nullable(),
  usage: Usage.nullable(),
  lastText: z.string().nullable(),
  lastActions: z.array(z.string()),
  repository: Repository,
  platform: Repository,
  workingDirectory: z.string(),
  workspace: z.string(),
  branch: z.string(),
  guidance: z.string().nullable(),
  promptMode: PromptMode,
  limits: Limits,
  sources: ValueSources,
  previous: AttemptName.nullable(),
  requestedBy: Requester,
  /** Times of the broker. */
  submittedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  stopRequested: z.boolean(),
  verified: z.boolean().nullable(),
  result: ResultSummary.nullable(),
  /** True when no later attempt of the task exists. */
  latest: z.boolean(),
  /** Sequence of its `task.submitted`, and of the newest event seen of it. */
  sequence: z.int(),
  lastSequence: z.int(),
})
export type AttemptView = z.infer<typeof AttemptView>

/** `GET /v1/attempts`: newest first. */
export const AttemptPage = z.object({ attempts: z.array(AttemptView), next: z.string().nullable() })
export type AttemptPage = z.infer<typeof AttemptPage>

/** One task with its latest attempt. */
export const TaskView = z.object({ ...TaskRef.shape, attempts: z.int(), latest: AttemptView })
export type TaskView = z.infer<typeof TaskView>

/** `GET /v1/tasks`: most recently submitted first. */
export const TaskPage = z.object({ tasks: z.array(TaskView), next: z.string().nullable() })
export type TaskPage = z.infer<typeof TaskPage>

export const StopAnswer = z.object({
  attempt: AttemptName,
  phase: Phase,
  /** False when it was asked before, or the attempt had already ended. */
  accepted: z.boolean(),
  message: z.string(),
  sequence: z.int(),
})
export type StopAnswer = z.infer<typeof StopAnswer>

/** A line of `GET /v1/attempts/{name}/logs` (NDJSON): a runner line as written, a gap, or the end. */
export const LogGapLine = z.object({ kind: z.literal('gap'), first: z.int(), last: z.int() })
export const LogEndLine = z.object({ kind: z.literal('end'), lines: z.int(), gaps: z.int() })
export const LogLine = z.union([z.looseObject({ seq: z.int().min(1) }), LogGapLine, LogEndLine])

/** `application/problem+json` (RFC 9457). */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  /** Every fault of the request at once, each naming its field. */
  errors: z.exactOptional(z.array(z.object({ field: z.string(), value: z.unknown(), message: z.string() }))),
})
export type Problem = z.infer<typeof Problem>
