import { mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptFile, type HeldFile, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { type Clock, RetryableError } from '@orchestrator/shared/core'
import type { ProcessTable } from '@orchestrator/shared/process'
import type { LaunchOrder, UnstartedWorkload, WorkloadRef } from '../port.ts'
import { ignoreAbsence, listHeld, readGo, readOrder, writeOrder } from './launch-folder.ts'
import type { Places } from './places.ts'
import { processAgeMs } from './process-age.ts'
import { spawnHeldRunner } from './spawn-runner.ts'

export interface HeldRunnersOptions {
  readonly places: Places
  readonly processTable: ProcessTable
  readonly runnerMain: string
  readonly environment: { readonly PATH: string; readonly LANG: string }
  readonly launchTimeoutMs: number
  readonly clock: Clock
}

/** A held runner older than this part of its limit is left to end: a `go` might come too late for it. */
const FRESH_PART = 0.5

function refOf({ spec, submittedId, epoch }: AttemptFile): WorkloadRef {
  return { name: spec.name, submittedId, generation: epoch.generation }
}

/** The first by spawn id of the live runners that wait: the same one for every replica that asks. */
export async function findHeld(options: HeldRunnersOptions, ref: WorkloadRef): Promise<string | undefined> {
  const folder = options.places.launchFolder(ref)
  if ((await readGo(folder)) !== undefined) return undefined
  const order = await readOrder(folder)
  if (order?.submittedId !== ref.submittedId) return undefined
  const waiting = liveOf(options.processTable, await listHeld(folder), ref.submittedId)
  return waiting.find((held) => processAgeMs(held) < order.holdLimitMs * FRESH_PART)?.workloadUid
}

function liveOf(table: ProcessTable, held: readonly HeldFile[], submittedId: string): readonly HeldFile[] {
  return held.filter((file) => file.submittedId === submittedId && table.isAlive(file))
}

export async function launchHeld(
  options: HeldRunnersOptions,
  order: LaunchOrder,
  signal: AbortSignal,
): Promise<string> {
  const { attempt } = order
  const waiting = await findHeld(options, refOf(attempt))
  if (waiting !== undefined) return waiting
  await assertSpace(attempt.workspaceDirectory, options.places.launches)
  const folder = await prepareFolder(options, order)
  const home = options.places.home(attempt.spec.workspace)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const environment = { ...options.environment, HOME: home, [MARKER_VARIABLE]: attempt.submittedId }
  const { runnerMain, launchTimeoutMs: timeoutMs, clock } = options
  const held = await spawnHeldRunner({ folder, runnerMain, environment, timeoutMs, clock, signal })
  return held.workloadUid
}

/** Order, prompt and the first lines; the runner needs more, and says so itself. */
const LAUNCH_BYTES = 8 * 1024 * 1024

/** @throws RetryableError DISK_FULL before anything is half written */
async function assertSpace(...directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = await statfs(directory)
    if (bavail * bsize >= LAUNCH_BYTES) continue
    throw new RetryableError('DISK_FULL', `the disk of ${directory} is full: free space there, then it is started`)
  }
}

async function prepareFolder({ places, processTable }: HeldRunnersOptions, order: LaunchOrder): Promise<string> {
  const folder = places.launchFolder(refOf(order.attempt))
  const other = await readOrder(folder)
  if (other !== undefined && other.submittedId !== order.attempt.submittedId) {
    await clearForeign(folder, processTable, other.submittedId)
  }
  await writeOrder(folder, order)
  return folder
}

/** The name was used before by a ledger that is no more: its files would mislead the new runner. */
async function clearForeign(folder: string, table: ProcessTable, submittedId: string): Promise<void> {
  if (table.withVariable(MARKER_VARIABLE, submittedId).length > 0) {
    throw new RetryableError('RUNTIME_UNAVAILABLE', `processes of another attempt still use ${folder}`)
  }
  await rm(folder, { recursive: true, force: true })
}

/** Launch folders without a `go`: their attempt was never let go from here. */
export async function listUnstarted({
  places,
  processTable,
}: HeldRunnersOptions): Promise<readonly UnstartedWorkload[]> {
  const names = await readdir(places.launches).catch(ignoreAbsence([]))
  const found = await Promise.all(names.map((name) => readUnstarted(join(places.launches, name), processTable)))
  return found.filter((workload) => workload !== undefined)
}

async function readUnstarted(folder: string, table: ProcessTable): Promise<UnstartedWorkload | undefined> {
  if ((await readGo(folder)) !== undefined) return undefined
  const attempt = await readOrder(folder)
  if (attempt === undefined) return undefined
  const held = liveOf(table, await listHeld(folder), attempt.submittedId)
  return { ...refOf(attempt), attempt, heldUids: held.map(({ workloadUid }) => workloadUid) }
}
