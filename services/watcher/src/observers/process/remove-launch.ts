import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import { launchFolder, type ProcessTable } from '@orchestrator/shared/process'
import type { StartedAttempt } from '../../started-attempt.ts'
import { readOrder } from './launch-folder.ts'
import { isAbsent } from './regular-file.ts'

export interface LaunchRemoval {
  readonly stateDirectory: string
  readonly attempt: StartedAttempt
  readonly processes: ProcessTable
}

/** @returns false while a process of the attempt is left */
export async function removeLaunch({ stateDirectory, attempt, processes }: LaunchRemoval): Promise<boolean> {
  if (processes.withVariable(MARKER_VARIABLE, attempt.submittedId).length > 0) return false
  const folder = launchFolder(stateDirectory, attempt)
  // Gone already, or of another attempt that has the name now.
  if ((await readOrder(folder))?.submittedId !== attempt.submittedId) return true
  const away = join(stateDirectory, 'removed')
  try {
    await mkdir(away, { recursive: true, mode: 0o700 })
    // In one step: half a folder might pass for a launch that was never let go.
    await rename(folder, join(away, randomUUID()))
  } catch (error) {
    if (isAbsent(error)) return (await readOrder(folder)) === undefined
    throw new RetryableError('RUNTIME_UNAVAILABLE', `cannot remove ${folder}`, { cause: error })
  }
  // With what a crash has left there; what another watcher puts there meanwhile may stay until the next time.
  await rm(away, { recursive: true, force: true }).catch(() => undefined)
  return true
}
