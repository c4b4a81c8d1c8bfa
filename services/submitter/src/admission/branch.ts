/** Which branch an attempt works on. Pure. */
import { type BranchName, longTaskBranch, type Phase, taskBranch, type TaskRef } from '@orchestrator/shared/contracts'

/** The newest attempt of the task in the same repository. */
export interface OwnBranch {
  readonly branch: BranchName
  readonly phase: Phase
  readonly reason: string | null
  readonly started: boolean
}

export interface BranchFacts {
  readonly task: TaskRef
  readonly own: OwnBranch | undefined
  /** Another task that has had an attempt on this branch of the repository. */
  readonly holder: (branch: BranchName) => TaskRef | undefined
}

export interface ChosenBranch {
  readonly branch: BranchName
  readonly isNew: boolean
}

/** A task keeps its branch; a new one gets the short form unless that belongs to another task, or was lost to it. */
export function chooseBranch({ task, own, holder }: BranchFacts): ChosenBranch {
  if (own !== undefined && !hasLostBranch(own)) return { branch: own.branch, isNew: false }
  const short = taskBranch(task.taskId)
  const isFree = own === undefined && holder(short) === undefined
  return { branch: isFree ? short : longTaskBranch(task), isNew: true }
}

/** The branch is claimed before anything starts: a conflict later is about what is in it, not about whose it is. */
function hasLostBranch({ phase, reason, started }: OwnBranch): boolean {
  return !started && phase === 'Failed' && reason === 'WorkspaceConflict'
}
