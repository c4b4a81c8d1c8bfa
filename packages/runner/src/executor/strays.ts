import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { ProcessTable } from '@orchestrator/shared/process'

export interface StraysDependencies {
  readonly table: ProcessTable
  readonly submittedId: string
  /** This process, which carries the marker too. */
  readonly ownPid: number
  readonly clock: Clock
}

const ROUNDS = 50
const ROUND_MS = 10

/**
 * Kills every process of the attempt but this one, wherever it has gone: for moments when the runner itself has
 * nothing running. A process that took the marker out of its environment is not seen.
 */
export async function endStrays({ table, submittedId, ownPid, clock }: StraysDependencies): Promise<void> {
  const never = new AbortController().signal
  for (let round = 0; round < ROUNDS; round += 1) {
    const strays = table.withVariable(MARKER_VARIABLE, submittedId).filter((pid) => pid !== ownPid)
    if (strays.length === 0) return
    for (const pid of strays) kill(pid)
    await clock.sleep(ROUND_MS, never)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone meanwhile; another look at the table follows.
  }
}
