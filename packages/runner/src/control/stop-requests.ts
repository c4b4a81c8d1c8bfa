import { join } from 'node:path'
import { STOP_FILE, StopFile } from '@orchestrator/shared/contracts'
import { folderChanges } from './folder-changes.ts'
import { readJsonIfThere } from './read-json.ts'

const POLL_MS = 250

/** Resolves to what `stop.json` says; `undefined` when the signal came first. */
export async function waitForStopFile(launchFolder: string, signal: AbortSignal): Promise<StopFile | undefined> {
  for await (const _ of folderChanges({ folder: launchFolder, signal, pollMs: () => POLL_MS })) {
    const stop = await readJsonIfThere(join(launchFolder, STOP_FILE), StopFile)
    if (stop !== undefined) return stop
  }
  return undefined
}
