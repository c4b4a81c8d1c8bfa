/** Workloads as processes of this machine. What is known of them is in /proc and in their launch folders only. */
import type { Clock } from '@orchestrator/shared/core'
import { parseWorkloadUid, type ProcessTable } from '@orchestrator/shared/process'
import type { Runtime, WorkloadState } from '../port.ts'
import { isEmpty, killRunner, remove, stop } from './ending.ts'
import { findHeld, type HeldRunnersOptions, launchHeld, listUnstarted } from './held-runners.ts'
import { readGo, writeGo } from './launch-folder.ts'
import { placesBelow } from './places.ts'
import { processAgeMs } from './process-age.ts'
import type { StopGraces } from './stop-pace.ts'

export interface ProcessRuntimeOptions extends Omit<HeldRunnersOptions, 'places'> {
  readonly stateDirectory: string
  readonly machineId: string
  readonly processTable: ProcessTable
  readonly stopGraces: StopGraces
  readonly clock: Clock
}

export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  const { processTable, stateDirectory, machineId } = options
  const places = placesBelow(stateDirectory)
  const held = { ...options, places }
  const ending = { ...options, places, records: new Map() }
  return {
    kind: 'process',
    location: machineId,
    workspaceDirectory: (workspace) => places.workspace(workspace),
    findHeld: (ref) => findHeld(held, ref),
    launchHeld: (order, signal) => launchHeld(held, order, signal),
    letGo: (ref, uid) => writeGo(places.launchFolder(ref), uid),
    state: (ref, uid) => readState(places.launchFolder(ref), uid, processTable),
    stop: (ref, order) => stop(ending, ref, order),
    released: (ref, uid) => Promise.resolve(isEmpty(processTable, ref, uid)),
    remove: (ref) => remove(ending, ref),
    listUnstarted: () => listUnstarted(held),
    discard: (_ref, uid) => Promise.resolve(killRunner(processTable, uid)),
  }
}

async function readState(folder: string, uid: string, table: ProcessTable): Promise<WorkloadState> {
  const identity = parseWorkloadUid(uid)
  if (identity === undefined || !table.isAlive(identity)) return { kind: 'gone' }
  const go = await readGo(folder)
  return go?.workloadUid === uid ? { kind: 'running', ageMs: processAgeMs(identity) } : { kind: 'held' }
}
