import { rm, stat } from 'node:fs/promises'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { type Clock, RetryableError } from '@orchestrator/shared/core'
import { parseWorkloadUid, type ProcessTable } from '@orchestrator/shared/process'
import type { StopOrder, WorkloadRef } from '../port.ts'
import { ignoreAbsence, readGo, writeStop } from './launch-folder.ts'
import type { Places } from './places.ts'
import { nextMeasure, NOT_STOPPED, type StopGraces, type StopRecord } from './stop-pace.ts'

export interface EndingOptions {
  readonly places: Places
  readonly processTable: ProcessTable
  readonly stopGraces: StopGraces
  readonly clock: Clock
  /** When each stop took its measures. Lost with this process: a new one starts the graces again, never cuts them short. */
  readonly records: Map<string, StopRecord>
}

const ASK_POLL_MS = 1000
const KILL_POLL_MS = 20
const REMOVE_TRIES = 250

export async function stop(options: EndingOptions, ref: WorkloadRef, order: StopOrder): Promise<number> {
  const { processTable, stopGraces, clock, records } = options
  if (isEmpty(processTable, ref, order.workloadUid)) {
    records.delete(ref.submittedId)
    return 0
  }
  const now = clock.monotonicMs()
  const before = records.get(ref.submittedId) ?? NOT_STOPPED
  const listens = await isListening(options, ref, order.workloadUid)
  if (listens) await writeStop(options.places.launchFolder(ref), order)
  const graces = listens ? stopGraces : { ...stopGraces, askMs: 0 }
  const { measure, leftMs } = nextMeasure(before, graces, now)
  if (measure === 'ask') {
    records.set(ref.submittedId, { ...before, askedAt: before.askedAt ?? now })
    return Math.min(leftMs, ASK_POLL_MS)
  }
  records.set(ref.submittedId, { ...before, termAt: before.termAt ?? now })
  processTable.signalAll(MARKER_VARIABLE, ref.submittedId, measure === 'term' ? 'SIGTERM' : 'SIGKILL')
  return measure === 'term' ? Math.min(leftMs, ASK_POLL_MS) : KILL_POLL_MS
}

/** No process carries the marker, and the runner, which shows no environment any more while it ends, has ended. */
export function isEmpty(processTable: ProcessTable, { submittedId }: WorkloadRef, workloadUid: string): boolean {
  const runner = parseWorkloadUid(workloadUid)
  if (runner !== undefined && processTable.isAlive(runner)) return false
  return processTable.withVariable(MARKER_VARIABLE, submittedId).length === 0
}

/** Only a runner that was let go and lives reads its `stop`. */
async function isListening({ places, processTable }: EndingOptions, ref: WorkloadRef, uid: string): Promise<boolean> {
  const identity = parseWorkloadUid(uid)
  if (identity === undefined || !processTable.isAlive(identity)) return false
  return (await readGo(places.launchFolder(ref)))?.workloadUid === uid
}

export async function remove(options: EndingOptions, ref: WorkloadRef): Promise<void> {
  const { places, processTable, clock } = options
  const folder = places.launchFolder(ref)
  // Nothing was ever made here: most attempts that end unstarted never came this far.
  if ((await stat(folder).catch(ignoreAbsence(undefined))) === undefined) return
  for (let tries = 0; processTable.withVariable(MARKER_VARIABLE, ref.submittedId).length > 0; tries += 1) {
    if (tries === REMOVE_TRIES) throw new RetryableError('RUNTIME_UNAVAILABLE', `processes of ${ref.name} do not end`)
    processTable.signalAll(MARKER_VARIABLE, ref.submittedId, 'SIGKILL')
    await clock.sleep(KILL_POLL_MS, new AbortController().signal)
  }
  options.records.delete(ref.submittedId)
  // With a `go` something ran here once, and its logs are wanted.
  if ((await readGo(folder)) === undefined) await rm(folder, { recursive: true, force: true })
}

/** Ends one runner if it is still that one: its pid may have been used again. */
export function killRunner(processTable: ProcessTable, workloadUid: string): void {
  const identity = parseWorkloadUid(workloadUid)
  if (identity === undefined || !processTable.isAlive(identity)) return
  try {
    process.kill(identity.pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}
