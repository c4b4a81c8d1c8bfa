import { taskKey } from '@orchestrator/shared/contracts'
import type { AttemptKey, ChangeOf, ViewChange } from './fold.ts'
import type { ViewWriter } from './writer.ts'

/**
 * Writes for a view that nobody reads yet: an attempt of the past is mostly submitted, started and ended within one
 * transaction, and one row written once costs a third of one that grows twice.
 */
export interface WholeAttempts {
  write(change: ViewChange): void
  /** Writes what is held back; before each commit. */
  flush(): void
}

/** More attempts than are under way at once, and what they hold is bounded. */
const HELD_MAX = 500

interface Held {
  readonly submitted: ChangeOf<'submitted'>
  started?: ChangeOf<'started'>
  finished?: ChangeOf<'finished'>
  /** Everything else, in the order in which it came. */
  readonly rest: ViewChange[]
}

export function createWholeAttempts(writer: ViewWriter): WholeAttempts {
  /** In the order of submission: an attempt comes after the one that it answers. */
  const held = new Map<string, Held>()
  const flush = (): void => {
    for (const { submitted, started, finished, rest } of held.values()) {
      writer.writeWhole({ submitted, started, finished })
      for (const change of rest) writer.write(change)
    }
    held.clear()
  }
  return {
    write: (change) => {
      const key = textOf(change.key)
      const found = held.get(key)
      if (found !== undefined) return add(found, change)
      if (change.kind !== 'submitted') return writer.write(change)
      if (held.size === HELD_MAX) flush()
      held.set(key, { submitted: change, rest: [] })
    },
    flush,
  }
}

/** The first of a kind is the one that counts. */
function add(held: Held, change: ViewChange): void {
  if (change.kind === 'started' && held.started === undefined) held.started = change
  else if (change.kind === 'finished' && held.finished === undefined) held.finished = change
  else held.rest.push(change)
}

function textOf({ task, n }: AttemptKey): string {
  return `${taskKey(task)}/${n}`
}
