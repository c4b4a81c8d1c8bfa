/** What the view says to the pure decisions about a submit. */
import { type AttemptSpec, normaliseRepositoryUrl, taskBranch, type TaskRef } from '@orchestrator/shared/contracts'
import type { AdmissionFacts } from './admission/admit.ts'
import type { OwnBranch } from './admission/branch.ts'
import type { AnswerFacts } from './answer.ts'
import type { ViewQueries } from './view/queries.ts'
import { type AttemptRow, phaseOf } from './view/rows.ts'

export function admissionFacts(queries: ViewQueries, task: TaskRef, latest: AttemptRow | undefined): AdmissionFacts {
  return {
    latest: latest === undefined ? undefined : { spec: latest.submitted.attempt, phase: phaseOf(latest) },
    lastOfService: () => queries.latestOfService(task.service)?.submitted.attempt,
    ownBranch: (repository) => (latest === undefined ? undefined : ownBranch(queries.latestOfTaskIn(task, repository))),
    branchHolder: (repository, branch) => queries.branchHolder({ repository, branch }, task),
    isNameTaken: (name) => queries.isNameTaken(name),
  }
}

function ownBranch(row: AttemptRow | undefined): OwnBranch | undefined {
  if (row === undefined) return undefined
  return {
    branch: row.submitted.attempt.branch,
    phase: phaseOf(row),
    reason: row.finished?.reason ?? null,
    started: row.started_seq !== null,
  }
}

interface Admitted {
  readonly spec: AttemptSpec
  readonly branchIsNew: boolean
}

/** For an attempt that is about to be published. */
export function answerFacts(
  queries: ViewQueries,
  { spec, branchIsNew }: Admitted,
  latest: AttemptRow | undefined,
): AnswerFacts {
  return {
    workspaceIsNew: latest === undefined && !queries.isServiceKnown(spec.service, Number.MAX_SAFE_INTEGER),
    branchIsNew,
    branchHolder: branchIsNew ? holderOfShort(queries, spec) : undefined,
    ahead: queries.liveOfService(spec.service),
    previousPhase: latest === undefined ? undefined : phaseOf(latest),
    repeated: false,
  }
}

/** The same for one that is in the ledger already. */
export function repeatedFacts(queries: ViewQueries, row: AttemptRow): AnswerFacts {
  const { attempt: spec, previous } = row.submitted
  const repository = normaliseRepositoryUrl(spec.repository.url)
  const branchIsNew = !queries.isBranchUsed({ repository, branch: spec.branch }, row.submitted_seq)
  const before = previous === undefined ? undefined : queries.attemptByName(previous.name)
  return {
    workspaceIsNew: !queries.isServiceKnown(spec.service, row.submitted_seq),
    branchIsNew,
    branchHolder: branchIsNew ? holderOfShort(queries, spec) : undefined,
    ahead: queries.aheadOf(spec.service, row.submitted_seq),
    previousPhase: before === undefined ? undefined : phaseOf(before),
    repeated: true,
  }
}

function holderOfShort(queries: ViewQueries, spec: AttemptSpec): TaskRef | undefined {
  const { service, tag, taskId, branch, repository } = spec
  const short = taskBranch(taskId)
  if (branch === short) return undefined
  const on = { repository: normaliseRepositoryUrl(repository.url), branch: short }
  return queries.branchHolder(on, { service, tag, taskId })
}
