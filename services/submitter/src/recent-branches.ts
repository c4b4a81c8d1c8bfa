import { sameTask, type TaskRef } from '@orchestrator/shared/contracts'
import type { BranchRef } from './view/queries.ts'

/**
 * Branches that submits through this replica have taken and the view does not show yet. It closes the moment in which
 * two tasks of one repository would be given one branch; between replicas the launcher's claim decides.
 */
export interface RecentBranches {
  /** Another task that has just taken the branch. */
  holder(on: BranchRef, task: TaskRef): TaskRef | undefined
  /** Takes a branch for a submit that is about to be published. */
  take(on: BranchRef, task: TaskRef): Taken
}

export interface Taken {
  /** It is in the ledger: the view will show it. */
  stored(seq: number): void
  /** Nothing was published. */
  release(): void
}

interface Entry {
  readonly task: TaskRef
  /** Undefined while it is being published. */
  seq: number | undefined
}

export function createRecentBranches(viewSequence: () => number): RecentBranches {
  const entries = new Map<string, Entry>()
  const isShown = ({ seq }: Entry): boolean => seq !== undefined && seq <= viewSequence()

  /** Entries are in the order of time, so those that the view shows are in front. */
  const forgetShown = (): void => {
    for (const [key, entry] of entries) {
      if (!isShown(entry)) return
      entries.delete(key)
    }
  }

  return {
    holder: (on, task) => {
      const entry = entries.get(keyOf(on))
      return entry === undefined || sameTask(entry.task, task) ? undefined : entry.task
    },
    take: (on, task) => {
      forgetShown()
      const key = keyOf(on)
      const entry: Entry = { task, seq: undefined }
      entries.set(key, entry)
      return {
        stored: (seq) => {
          entry.seq = seq
        },
        release: () => {
          if (entries.get(key) === entry) entries.delete(key)
        },
      }
    },
  }
}

/** Neither part can hold a line break. */
function keyOf({ repository, branch }: BranchRef): string {
  return `${repository}\n${branch}`
}
