import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BACKUP_MANIFEST, BACKUP_VERSION, BackupManifest } from '@orchestrator/shared/contracts'
import { describeError, TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'

/** What every version has. */
const AnyManifest = z.looseObject({ v: z.int().min(1) })

export async function writeManifest(backup: string, manifest: BackupManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  await writeFile(join(backup, BACKUP_MANIFEST), text, { flag: 'wx', mode: 0o600, flush: true })
}

/** @throws TerminalError INPUT_INVALID where there is none; BACKUP_INVALID where this release cannot read it */
export async function readManifest(backup: string): Promise<BackupManifest> {
  const file = join(backup, BACKUP_MANIFEST)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `${backup} is no backup (${describeError(cause)}): name a folder that "backup" has written`
    throw new TerminalError('INPUT_INVALID', message, { cause })
  })
  try {
    const json: unknown = JSON.parse(text)
    const { v } = AnyManifest.parse(json)
    if (v > BACKUP_VERSION) throw tooNew(file, v)
    return BackupManifest.parse(json)
  } catch (cause) {
    if (cause instanceof TerminalError) throw cause
    throw new TerminalError('BACKUP_INVALID', `${file} cannot be read: ${describeError(cause)}`, { cause })
  }
}

function tooNew(file: string, v: number): TerminalError {
  return new TerminalError(
    'BACKUP_INVALID',
    `${file} is of version ${v}, this release reads up to ${BACKUP_VERSION}: upgrade, then restore`,
  )
}
