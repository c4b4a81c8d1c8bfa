/** What people read of backups. Pure. */
import { plural } from '@orchestrator/client/texts'
import type { BackupManifest } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import type { Restored } from '../backup/restore-backup.ts'

const KIB = 1024

export function describeBackup(folder: string, manifest: BackupManifest): string {
  return [
    `Backed up to ${printableLine(folder)}`,
    ...contents(manifest),
    `It holds prompts and hashes of tokens: keep it where only you can read it.`,
  ].join('\n')
}

export function describeRestored(
  { manifest, generation }: Restored,
  { stateDirectory, start }: { readonly stateDirectory: string; readonly start: string },
): string {
  return [
    `Restored to ${printableLine(stateDirectory)}, as generation ${generation}, from the backup of ${manifest.createdAt}`,
    ...contents(manifest),
    'What was submitted, stopped, finished or revoked after that moment is not in it: revoke such tokens again.',
    `Start it: ${start} --state-dir ${printableLine(stateDirectory)}`,
  ].join('\n')
}

function contents({ streams, logs }: BackupManifest): readonly string[] {
  const lines = streams.map(({ name, messages, bytes }) => row(name, `${plural(messages, 'message')}, ${size(bytes)}`))
  const { included, files, bytes, directory } = logs
  const archive = included
    ? `${plural(files, 'file')}, ${size(bytes)}`
    : `not in the backup: it is in ${printableLine(directory)}`
  return [...lines, row('log archive', archive)]
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)} ${text}`
}

function size(bytes: number): string {
  if (bytes < KIB * KIB) return `${Math.ceil(bytes / KIB)} KiB`
  return `${(bytes / KIB / KIB).toFixed(1)} MiB`
}
