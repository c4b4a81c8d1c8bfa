import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupFile, BackupManifest } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import {
  type BackedUpStream,
  BESIDES_LEDGER,
  type Broker,
  type BrokerLog,
  declareTopology,
  importStream,
  LEDGER,
  type LedgerFacts,
  placeDurable,
  raiseGeneration,
  readLedgerFacts,
  startEmbeddedBroker,
} from '@orchestrator/shared/nats'
import { acquireExclusiveLock, keepMachineId } from '@orchestrator/shared/process'
import { takeStateDirectory, UP_LOCK } from '../up/state-directory.ts'
import { checkArchive, restoreArchive } from './archive.ts'
import { checkFile, exists, readRecords, syncPath, syncTree } from './files.ts'
import { highestGeneration } from './generation.ts'
import { connectAs } from './installation-broker.ts'
import { readManifest } from './manifest.ts'
import type { OnProgress } from './take-backup.ts'

export interface RestoreOptions {
  /** Absolute: the folder of a backup. */
  readonly backup: string
  /** Absolute. */
  readonly stateDirectory: string
  readonly brokerBinary: string
  readonly logger: BrokerLog
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
}

export interface Restored {
  readonly manifest: BackupManifest
  readonly generation: number
}

/**
 * Makes the ledger of a backup the ledger of a state directory that has none. Until it is whole, and on the disk, there is
 * nothing that an `up` would take for one.
 * @throws TerminalError INPUT_INVALID, BACKUP_INVALID, BROKER_DIRECTORY_IN_USE; RetryableError BROKER_UNAVAILABLE
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { backup, stateDirectory, onProgress, signal } = options
  const manifest = await readManifest(backup)
  await using state = await takeStateDirectory(stateDirectory)
  const broker = join(state.path, 'broker')
  if (await exists(broker)) throw notEmpty(broker)
  await assertStopped(manifest, state.path)
  await checkFiles(manifest, options)
  const generation = 1 + Math.max(manifest.generation, await highestGeneration(state.path))
  const building = `${broker}.restoring`
  try {
    await build(building, { ...options, manifest, generation })
    await syncTree(building)
    const archive = join(state.path, 'archive')
    const copy = { archive, backup, onProgress: (files: number) => onProgress('log archive', files), signal }
    if (manifest.logs.included) await restoreArchive(copy)
    if (manifest.machineId !== null) await keepMachineId(state.path, manifest.machineId)
    signal.throwIfAborted()
    await rename(building, broker)
    await syncPath(state.path)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return { manifest, generation }
}

function notEmpty(broker: string): TerminalError {
  return new TerminalError(
    'INPUT_INVALID',
    `${broker} is there already, and a ledger is never restored over another: name another --state-dir, or move that folder away`,
  )
}

/** Two installations that believe to be the same one would start the same attempts, and end each other's. */
async function assertStopped({ stateDirectory: origin }: BackupManifest, stateDirectory: string): Promise<void> {
  const file = join(origin, UP_LOCK)
  if (origin === stateDirectory || !(await exists(file))) return
  const lock = acquireExclusiveLock(file)
  lock?.[Symbol.dispose]()
  if (lock !== undefined) return
  throw new TerminalError(
    'BROKER_DIRECTORY_IN_USE',
    `the installation that was backed up still runs, in ${origin}: stop it first, its attempts go on`,
  )
}

async function checkFiles({ streams, logs }: BackupManifest, options: RestoreOptions): Promise<void> {
  const { backup, onProgress, signal } = options
  for (const [i, { file, sha256 }] of streams.entries()) {
    await checkFile(join(backup, file), { sha256 }, signal)
    onProgress('checked files', i + 1)
  }
  if (logs.included) await checkArchive({ backup, signal })
}

interface Building extends RestoreOptions {
  readonly manifest: BackupManifest
  readonly generation: number
}

/** A store of its own, by a broker that nobody else knows of. */
async function build(directory: string, options: Building): Promise<void> {
  const { manifest, brokerBinary: binary, logger, signal, generation } = options
  const { ledgerMaxBytes } = manifest
  const started = { directory, binary, ledgerMaxBytes, synced: false, logger, signal }
  await discard(started)
  await mkdir(directory, { mode: 0o700 })
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startEmbeddedBroker(started))
  const connection = stack.use(await connectAs('restore', broker, { logger, signal }))
  await declareTopology(connection, { replicas: 1, ledgerMaxBytes, signal })
  await raiseGeneration(connection, generation)
  for (const place of manifest.durables) await placeDurable(connection, place)
  for (const into of [...Object.values(BESIDES_LEDGER), LEDGER]) {
    const saved = manifest.streams.find(({ name }) => name === into.name)
    if (saved !== undefined) await restoreStream(connection, { ...options, into, saved })
  }
  assertWhole(manifest, await readLedgerFacts(connection))
}

/** What a restore that was killed has left, its broker too. */
async function discard(started: Parameters<typeof startEmbeddedBroker>[0]): Promise<void> {
  if (!(await exists(started.directory))) return
  {
    await using _ = await startEmbeddedBroker(started)
  }
  await rm(started.directory, { recursive: true, force: true })
}

interface RestoringStream extends Building {
  readonly into: BackedUpStream
  readonly saved: BackupFile
}

async function restoreStream(
  broker: Broker,
  { backup, into, saved, onProgress, signal }: RestoringStream,
): Promise<void> {
  const count = await importStream({
    broker,
    into,
    records: readRecords(join(backup, saved.file)),
    onProgress: (messages) => onProgress(into.name, messages),
    signal,
  })
  if (count === saved.messages) return
  throw new TerminalError(
    'BACKUP_INVALID',
    `${saved.file} holds ${count} messages, its manifest says ${saved.messages}`,
  )
}

function assertWhole({ streams }: BackupManifest, facts: LedgerFacts): void {
  const saved = streams.find(({ name }) => name === LEDGER.name)
  if (saved?.lastSequence === facts.lastSequence) return
  throw new TerminalError(
    'BACKUP_INVALID',
    `the ledger ends at ${facts.lastSequence} after it was restored, not at ${saved?.lastSequence ?? 0} as in the backup`,
  )
}
