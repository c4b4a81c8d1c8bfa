import { sameTask, type TaskRef } from '@orchestrator/shared/contracts'
import type { BranchRef } from '../view/queries.ts'

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
}

export function createRecentBranches(viewSequence: () => number): RecentBranches {
  const entries = new Map<string, Entry>()
  /** In the order of the ledger. */
  const stored: { readonly key: string; readonly entry: Entry; readonly seq: number }[] = []

  const forgetShown = (): void => {
    const shown = viewSequence()
    for (let first = stored[0]; first !== undefined && first.seq <= shown; first = stored[0]) {
      if (entries.get(first.key) === first.entry) entries.delete(first.key)
      stored.shift()
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
      const entry: Entry = { task }
      entries.set(key, entry)
      return {
        stored: (seq) => {
          stored.push({ key, entry, seq })
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
