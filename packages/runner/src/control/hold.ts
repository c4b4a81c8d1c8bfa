/** The time between being made and being let go: say who we are, then wait to be named. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptFile, GO_FILE, GoFile, type HeldFile } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import { formatWorkloadUid, type ProcessIdentity } from '@orchestrator/shared/process'
import { writeDurably } from './durable-file.ts'
import { folderChanges } from './folder-changes.ts'
import { readJsonIfThere } from './read-json.ts'

export interface Hold {
  readonly launchFolder: string
  readonly spawn: string
  readonly attempt: AttemptFile
  readonly identity: ProcessIdentity
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** `go` is usually there within milliseconds; who waits longer waits for something slow. */
const EAGER_MS = 3000
const EAGER_POLL_MS = 20
const PATIENT_POLL_MS = 100

/** Resolves to true when this very process was let go; false when another was, or nobody in time, or the signal came. */
export async function holdUntilGo(hold: Hold): Promise<boolean> {
  await writeHeldFile(hold)
  return waitForGo(hold)
}

async function writeHeldFile({ launchFolder, spawn, attempt, identity }: Hold): Promise<void> {
  const held: HeldFile = {
    v: 1,
    submittedId: attempt.submittedId,
    workloadUid: formatWorkloadUid(identity),
    spawn,
    ...identity,
  }
  await mkdir(join(launchFolder, 'held'), { recursive: true })
  await writeDurably(join(launchFolder, 'held', `${spawn}.json`), JSON.stringify(held))
}

async function waitForGo({ launchFolder, attempt, identity, clock, signal }: Hold): Promise<boolean> {
  const since = clock.monotonicMs()
  const waited = (): number => clock.monotonicMs() - since
  const pollMs = (): number => (waited() < EAGER_MS ? EAGER_POLL_MS : PATIENT_POLL_MS)
  for await (const _ of folderChanges({ folder: launchFolder, signal, pollMs })) {
    const go = await readJsonIfThere(join(launchFolder, GO_FILE), GoFile)
    if (go !== undefined) return go.workloadUid === formatWorkloadUid(identity)
    if (waited() >= attempt.holdLimitMs) return false
  }
  return false
}
