import { open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClaimFile } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { hasSystemCode, statOf, syncFolder } from './folders.ts'

const CLAIM = 'claim'

/**
 * Creates the claim exclusively and makes it survive a power cut.
 * @throws TerminalError CLAIM_LOST when there is one already, whatever it says: it is never one's own
 */
export async function claimAttempt(directory: string, claim: ClaimFile): Promise<void> {
  try {
    await using file = await open(join(directory, CLAIM), 'wx', 0o644)
    await file.writeFile(JSON.stringify(claim))
    await file.sync()
  } catch (cause) {
    if (!hasSystemCode(cause, 'EEXIST')) throw cause
    const holder = (await readClaim(directory)) ?? 'unknown'
    throw new TerminalError('CLAIM_LOST', `this attempt belongs to workload ${holder}`, { cause, details: { holder } })
  }
  for (const folder of [directory, dirname(directory), dirname(dirname(directory))]) await syncFolder(folder)
}

/** Who holds the attempt, `unknown` where the claim does not say; `undefined` without a claim. */
export async function readClaim(directory: string): Promise<string | undefined> {
  const path = join(directory, CLAIM)
  if ((await statOf(path)) === undefined) return undefined
  try {
    return ClaimFile.parse(JSON.parse(await readFile(path, 'utf8'))).workloadUid
  } catch {
    return 'unknown'
  }
}
