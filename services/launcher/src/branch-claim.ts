import {
  type AttemptSpec,
  type BranchDocument,
  branchKey,
  normaliseRepositoryUrl,
  sameTask,
} from '@orchestrator/shared/contracts'
import { hasCode } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import type { BranchFact } from './next-step.ts'

type Branches = Documents<BranchDocument>

export async function readBranchClaim(branches: Branches, spec: AttemptSpec): Promise<BranchFact> {
  const claim = await branches.get(branchKey(spec.repository.url, spec.branch))
  if (claim === undefined) return { kind: 'unclaimed' }
  return sameTask(claim.value, spec) ? { kind: 'ours' } : { kind: 'taken', by: claim.value }
}

/** Claims the branch for the attempt's task, for good. Whoever was faster, oneself included, is seen by reading again. */
export async function claimBranch(branches: Branches, spec: AttemptSpec): Promise<void> {
  const { service, tag, taskId, branch } = spec
  const repository = normaliseRepositoryUrl(spec.repository.url)
  try {
    await branches.create(branchKey(spec.repository.url, branch), { v: 1, service, tag, taskId, repository, branch })
  } catch (error) {
    if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
  }
}
