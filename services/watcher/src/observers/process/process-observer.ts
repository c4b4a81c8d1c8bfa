import { join } from 'node:path'
import { AttemptRef } from '@orchestrator/shared/contracts'
import {
  launchesBelow,
  launchFolder,
  linesFile,
  parseWorkloadUid,
  type ProcessTable,
} from '@orchestrator/shared/process'
import type { StartedAttempt } from '../../started-attempt.ts'
import type { LineSource, Observation, Observer, RuntimeCause, ShownWorkload } from '../port.ts'
import { readLastWords } from './last-lines.ts'
import { findHeld, isLetGo, readNames, readOrder, readRecord, readStop } from './launch-folder.ts'
import { readPart, readSize } from './regular-file.ts'
import { removeLaunch } from './remove-launch.ts'
import { watchFiles } from './watch-files.ts'

export interface ProcessObserverOptions {
  readonly stateDirectory: string
  /** This machine's id. */
  readonly location: string
  readonly processes: ProcessTable
}

/** Sees the runners that are processes of this machine, by their launch folders and the process table. */
export function createProcessObserver({ stateDirectory, location, processes }: ProcessObserverOptions): Observer {
  const folderOf = (attempt: StartedAttempt): string => launchFolder(stateDirectory, attempt)
  return {
    runtime: 'process',
    location,
    list: async () => {
      const launches = launchesBelow(stateDirectory)
      return (await readNames(launches)).map((name) => shown(join(launches, name), name))
    },
    look: async (attempt) => {
      const cause = endOf(attempt, processes)
      // Liveness first: what a process that has ended did not write, it never will.
      return cause === 'alive' ? { kind: 'running' } : await observeEnd(folderOf(attempt), attempt, cause)
    },
    lines: (attempt) => linesOf(folderOf(attempt), attempt.workloadUid),
    remove: (attempt) => removeLaunch({ stateDirectory, attempt, processes }),
    hints: (attempt, hints) => watchFiles(folderOf(attempt), attempt, hints),
  }
}

function shown(folder: string, name: string): ShownWorkload {
  return {
    name,
    identify: async (): Promise<AttemptRef | undefined> => {
      const spec = (await readOrder(folder))?.spec
      return spec === undefined ? undefined : AttemptRef.parse(spec)
    },
  }
}

/** `alive`, or the cause of the end where the process table has one. */
function endOf({ workloadUid }: StartedAttempt, processes: ProcessTable): 'alive' | 'reboot' | 'gone' {
  const identity = parseWorkloadUid(workloadUid)
  if (identity === undefined) return 'gone'
  if (identity.bootId !== processes.bootId()) return 'reboot'
  return processes.isAlive(identity) ? 'alive' : 'gone'
}

async function observeEnd(folder: string, attempt: StartedAttempt, end: 'reboot' | 'gone'): Promise<Observation> {
  const record = await readRecord(folder, attempt)
  const { summary, claimLost } = await readLastWords(linesOf(folder, attempt.workloadUid))
  const cause = (await causeOf(folder)) ?? (end === 'reboot' ? end : undefined)
  return {
    kind: 'ended',
    ...(cause === undefined ? {} : { cause }),
    ...(record === undefined ? {} : { record }),
    ...(summary === undefined ? {} : { summary }),
    neverLetGo: !(await isLetGo(folder)) && (await findHeld(folder, attempt.workloadUid)) !== undefined,
    claimLost,
  }
}

/** The launcher writes for whom it ends a workload: its own clock is one of them. */
async function causeOf(folder: string): Promise<RuntimeCause | undefined> {
  return (await readStop(folder))?.cause
}

/** The file's name is known once the runner was held; until then there is nothing to read. */
function linesOf(folder: string, workloadUid: string): LineSource {
  let file: string | undefined
  const locate = async (): Promise<string | undefined> => {
    const held = file === undefined ? await findHeld(folder, workloadUid) : undefined
    if (held !== undefined) file = linesFile(folder, held.spawn)
    return file
  }
  return {
    read: async (offset, maxBytes) => {
      const path = await locate()
      return (path === undefined ? undefined : await readPart(path, offset, maxBytes)) ?? Buffer.alloc(0)
    },
    size: async () => {
      const path = await locate()
      return (path === undefined ? undefined : await readSize(path)) ?? 0
    },
  }
}
