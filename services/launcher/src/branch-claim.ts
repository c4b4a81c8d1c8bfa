import {
  type AttemptSpec,
  type BranchDocument,
  branchKey,
  normaliseRepositoryUrl,
  sameTask,
} from '@orchestrator/shared/contracts'
import { hasCode } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import type { BranchFact } from './reconcile/next-step.ts'

type Spec = Pick<AttemptSpec, 'service' | 'tag' | 'taskId' | 'n' | 'repository' | 'branch'>

/** Which task each branch of a repository belongs to, for good. */
export interface BranchClaims {
  /** `unclaimed` may be a guess, for a task's first attempt: claiming it shows. */
  fact(spec: Spec): Promise<BranchFact>
  /** Claims the branch for the attempt's task, where nobody was faster. Known afterwards, whoever has it. */
  claim(spec: Spec): Promise<void>
  /** Claims may have been made again from the ledger: they are read again. */
  forgetAll(): void
}

/** The claim of an attempt's task, as it is stored. */
export function claimOf(spec: Spec): { readonly key: string; readonly value: BranchDocument } {
  return { key: keyOf(spec), value: toDocument(spec) }
}

const REMEMBERED_MAX = 2000

/** A claim is for good: what was seen once is not read again. */
export function createBranchClaims(branches: Documents<BranchDocument>): BranchClaims {
  const holders = new Map<string, BranchDocument>()

  const remember = (key: string, holder: BranchDocument): void => {
    holders.set(key, holder)
    const [oldest] = holders.keys()
    if (holders.size > REMEMBERED_MAX && oldest !== undefined) holders.delete(oldest)
  }

  const read = async (key: string): Promise<BranchDocument | undefined> => {
    const holder = holders.get(key) ?? (await branches.get(key))?.value
    if (holder !== undefined) remember(key, holder)
    return holder
  }

  return {
    fact: async (spec) => {
      const key = keyOf(spec)
      const holder = spec.n === 1 ? holders.get(key) : await read(key)
      if (holder === undefined) return { kind: 'unclaimed' }
      return sameTask(holder, spec) ? { kind: 'ours' } : { kind: 'taken', by: holder }
    },
    claim: async (spec) => {
      const key = keyOf(spec)
      const claim = toDocument(spec)
      try {
        await branches.create(key, claim)
        remember(key, claim)
      } catch (error) {
        if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
        await read(key)
      }
    },
    forgetAll: () => holders.clear(),
  }
}

function keyOf({ repository, branch }: Spec): string {
  return branchKey(repository.url, branch)
}

function toDocument({ service, tag, taskId, repository, branch }: Spec): BranchDocument {
  return { v: 1, service, tag, taskId, repository: normaliseRepositoryUrl(repository.url), branch }
}
