import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BACKUP_VERSION, type BackupFile, type BackupManifest, type BackupRecord } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import {
  type BackedUpStream,
  BESIDES_LEDGER,
  type Broker,
  exportStream,
  LEDGER,
  readDurables,
  readLedgerFacts,
} from '@orchestrator/shared/nats'
import { findMachineId } from '@orchestrator/shared/process'
import { saveArchive } from './archive.ts'
import { deliveryAsOf } from './deliveries.ts'
import { exists, syncPath, syncTree, writeRecords } from './files.ts'
import { type OpenInstallation, openInstallationBroker } from './installation-broker.ts'
import { writeManifest } from './manifest.ts'

/** Something of it was done: so many messages, or files, of this name. */
export type OnProgress = (name: string, count: number) => void

export interface BackupOptions extends OpenInstallation {
  /** Absolute; a folder that is not there yet. */
  readonly target: string
  readonly withLogs: boolean
  readonly onProgress: OnProgress
}

/**
 * Takes a backup while everything runs, into a folder that has its name only once it is whole.
 * @throws TerminalError INPUT_INVALID when the folder is there already, or no installation; RetryableError BROKER_UNAVAILABLE
 */
export async function takeBackup(options: BackupOptions): Promise<BackupManifest> {
  const { target, signal } = options
  if (await exists(target))
    throw new TerminalError(
      'INPUT_INVALID',
      `${target} is there already: name a folder that is not, nothing is overwritten`,
    )
  const parent = dirname(target)
  await mkdir(parent, { recursive: true })
  const partial = `${target}.partial-${randomUUID().slice(0, 8)}`
  await mkdir(partial, { mode: 0o700 })
  try {
    const manifest = await fill(partial, options)
    await writeManifest(partial, manifest)
    await syncTree(partial)
    signal.throwIfAborted()
    await rename(partial, target)
    await syncPath(parent)
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/** As of the moment when the ledger is asked for its end: what others know by then is in it, what they learn later is left out. */
async function fill(backup: string, options: BackupOptions): Promise<BackupManifest> {
  const { stateDirectory, withLogs } = options
  await using stack = new AsyncDisposableStack()
  const broker = await openInstallationBroker(options, stack)
  const save = (from: BackedUpStream, how: SaveHow = {}) => saveStream({ ...options, backup, broker, from, ...how })
  const { deadLetters, tokens, deliveries, logs } = BESIDES_LEDGER
  const before = [await save(deadLetters), await save(tokens)]
  const { generation, ledgerMaxBytes, lastSequence: through } = await readLedgerFacts(broker)
  const durables = (await readDurables(broker)).map(({ name, next, subjects }) => {
    return { name, next: Math.min(next, through + 1), subjects: [...subjects] }
  })
  const after = [
    await save(deliveries, { change: (record) => deliveryAsOf(record, through) }),
    await save(LEDGER, { through }),
    ...(withLogs ? [await save(logs)] : []),
  ]
  return {
    v: BACKUP_VERSION,
    createdAt: new Date().toISOString(),
    brokerVersion: broker.serverVersion,
    generation,
    ledgerMaxBytes,
    machineId: (await findMachineId(stateDirectory)) ?? null,
    stateDirectory,
    streams: [...before, ...after],
    durables,
    logs: await saveLogs(backup, options),
  }
}

interface SaveHow {
  readonly through?: number
  readonly change?: (record: BackupRecord) => BackupRecord
}

interface SaveStream extends BackupOptions, SaveHow {
  readonly backup: string
  readonly broker: Broker
  readonly from: BackedUpStream
}

async function saveStream({ backup, from, change, onProgress, ...options }: SaveStream): Promise<BackupFile> {
  const { name } = from
  const { signal } = options
  const file = `${name}.ndjson.gz`
  const exported = exportStream({ ...options, from })
  const records = change === undefined ? exported : changed(exported, change)
  const told = (messages: number): void => onProgress(name, messages)
  const written = await writeRecords({ path: join(backup, file), records, onProgress: told, signal })
  return { name, file, ...written }
}

async function* changed(
  records: AsyncIterable<BackupRecord>,
  change: (record: BackupRecord) => BackupRecord,
): AsyncGenerator<BackupRecord> {
  for await (const record of records) yield change(record)
}

async function saveLogs(backup: string, options: BackupOptions): Promise<BackupManifest['logs']> {
  const { stateDirectory, withLogs, onProgress, signal } = options
  const directory = join(stateDirectory, 'archive')
  if (!withLogs) return { included: false, directory, files: 0, bytes: 0 }
  const told = (files: number): void => onProgress('log archive', files)
  return { included: true, directory, ...(await saveArchive({ archive: directory, backup, onProgress: told, signal })) }
}
