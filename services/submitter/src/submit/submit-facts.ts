/** What the view says to the pure decisions about a submit. */
import { type AttemptSpec, normaliseRepositoryUrl, taskBranch, type TaskRef } from '@orchestrator/shared/contracts'
import type { AdmissionFacts } from '../admission/admit.ts'
import type { OwnBranch } from '../admission/branch.ts'
import type { BranchRef, ViewQueries } from '../view/queries.ts'
import { type AttemptRow, phaseOf } from '../view/rows.ts'
import type { AnswerFacts } from './answer.ts'
import type { RecentBranches } from './recent-branches.ts'

export interface Admitting {
  readonly task: TaskRef
  readonly latest: AttemptRow | undefined
}

export function admissionFacts(
  queries: ViewQueries,
  branches: RecentBranches,
  { task, latest }: Admitting,
): AdmissionFacts {
  return {
    latest:
      latest === undefined
        ? undefined
        : { spec: latest.submitted.attempt, sources: latest.submitted.sources, phase: phaseOf(latest) },
    lastOfService: () => queries.lastSpecOfService(task.service),
    ownBranch: (repository) => (latest === undefined ? undefined : ownBranch(queries.latestOfTaskIn(task, repository))),
    branchHolder: (repository, branch) =>
      queries.branchHolder({ repository, branch }, task) ?? branches.holder({ repository, branch }, task),
    isNameTaken: (name) => queries.isNameTaken(name),
  }
}

/** The branch of an attempt, whichever way its repository is reached. */
export function branchOf({ repository, branch }: AttemptSpec): BranchRef {
  return { repository: normaliseRepositoryUrl(repository.url), branch }
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
export function answerFacts(queries: ViewQueries, facts: AdmissionFacts, { spec, branchIsNew }: Admitted): AnswerFacts {
  const { latest, branchHolder } = facts
  return {
    workspaceIsNew: queries.lastSpecOfService(spec.service) === undefined,
    branchIsNew,
    branchHolder: branchIsNew ? holderOfShort(spec, branchHolder) : undefined,
    ahead: queries.liveOfService(spec.service),
    previousPhase: latest?.phase,
    repeated: false,
  }
}

/** The same for one that is in the ledger already. */
export function repeatedFacts(queries: ViewQueries, row: AttemptRow): AnswerFacts {
  const { attempt: spec, previous } = row.submitted
  const before = previous === undefined ? undefined : queries.attemptByName(previous.name)
  const branchIsNew = !queries.isBranchUsed(branchOf(spec), spec, row.submitted_seq)
  const holder = (repository: string, branch: string): TaskRef | undefined =>
    queries.branchHolder({ repository, branch }, spec)
  return {
    workspaceIsNew: !queries.isServiceKnown(spec.service, row.submitted_seq),
    branchIsNew,
    branchHolder: branchIsNew ? holderOfShort(spec, holder) : undefined,
    ahead: queries.aheadOf(spec.service, row.submitted_seq),
    previousPhase: before === undefined ? undefined : phaseOf(before),
    repeated: true,
  }
}

function holderOfShort(spec: AttemptSpec, holder: AdmissionFacts['branchHolder']): TaskRef | undefined {
  const short = taskBranch(spec.taskId)
  return spec.branch === short ? undefined : holder(branchOf(spec).repository, short)
}
