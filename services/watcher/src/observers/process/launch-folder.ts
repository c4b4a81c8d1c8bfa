/** What a watcher reads of an attempt's launch folder and of its folder in the workspace. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ATTEMPT_FILE,
  AttemptFile,
  GO_FILE,
  GoFile,
  HeldFile,
  RESULT_FILE,
  ResultRecord,
  STOP_FILE,
  StopFile,
} from '@orchestrator/shared/contracts'
import { RetryableError, sha256Hex } from '@orchestrator/shared/core'
import { heldFolder } from '@orchestrator/shared/process'
import { folderOf, type StartedAttempt } from '../../started-attempt.ts'
import type { FoundRecord } from '../port.ts'
import { isAbsent, readDocument } from './regular-file.ts'

const SMALL_BYTES = 64 * 1024
const ORDER_BYTES = 4 * 1024 * 1024
const RECORD_BYTES = 16 * 1024 * 1024

export async function readOrder(folder: string): Promise<AttemptFile | undefined> {
  return (await readDocument(join(folder, ATTEMPT_FILE), { schema: AttemptFile, maxBytes: ORDER_BYTES }))?.value
}

/** The runner that `started` names: only its lines count. */
export async function findHeld(folder: string, workloadUid: string): Promise<HeldFile | undefined> {
  for (const name of await readNames(heldFolder(folder))) {
    const held = await readDocument(join(heldFolder(folder), name), { schema: HeldFile, maxBytes: SMALL_BYTES })
    if (held?.value.workloadUid === workloadUid && name === `${held.value.spawn}.json`) return held.value
  }
  return undefined
}

export async function isLetGo(folder: string): Promise<boolean> {
  return (await readDocument(join(folder, GO_FILE), { schema: GoFile, maxBytes: SMALL_BYTES })) !== undefined
}

export async function readStop(folder: string): Promise<StopFile | undefined> {
  return (await readDocument(join(folder, STOP_FILE), { schema: StopFile, maxBytes: SMALL_BYTES }))?.value
}

/** Where the runner writes its record; `undefined` when the launch folder is not this attempt's. */
export async function resultFolder(folder: string, attempt: StartedAttempt): Promise<string | undefined> {
  const order = await readOrder(folder)
  if (order?.submittedId !== attempt.submittedId) return undefined
  return join(order.workspaceDirectory, folderOf(attempt))
}

export async function readRecord(folder: string, attempt: StartedAttempt): Promise<FoundRecord | undefined> {
  const results = await resultFolder(folder, attempt)
  if (results === undefined) return undefined
  const found = await readDocument(join(results, RESULT_FILE), { schema: ResultRecord, maxBytes: RECORD_BYTES })
  return found === undefined ? undefined : { record: found.value, digest: sha256Hex(found.bytes) }
}

/** Names in a folder; none when it is not there. */
export async function readNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsent(error)) return []
    throw new RetryableError('RUNTIME_UNAVAILABLE', `cannot list ${folder}`, { cause: error })
  }
}
