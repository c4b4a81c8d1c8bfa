/**
 * A backup of the ledger: a folder of files for one account to read. Streams are NDJSON, compressed with gzip, a line for
 * each message (`BackupRecord`); `manifest.json` is written last and says what has to be there.
 */
import { z } from 'zod'

export const BACKUP_MANIFEST = 'manifest.json'
/** Below the backup: the log archive, as it was. */
export const BACKUP_ARCHIVE = 'archive'
/** What is in it, as `sha256sum` writes and checks it. */
export const BACKUP_ARCHIVE_SUMS = 'archive.sha256'
export const BACKUP_VERSION = 1

/** One stored message. Its sequence and its time outlive a restore. */
export const BackupRecord = z.object({
  seq: z.int().min(1),
  time: z.iso.datetime({ precision: 3 }),
  subject: z.string().min(1),
  /** Without those that the broker reads. */
  headers: z.exactOptional(z.record(z.string(), z.array(z.string()))),
  /** The content, where it is UTF-8; else `base64`. */
  text: z.exactOptional(z.string()),
  base64: z.exactOptional(z.string()),
})
export type BackupRecord = z.infer<typeof BackupRecord>

const BackupFile = z.object({
  /** Of the stream, or of the bucket. */
  name: z.string(),
  file: z.string().regex(/^[A-Za-z]+\.ndjson\.gz$/),
  messages: z.int().min(0),
  /** 0 where there is no message. */
  firstSequence: z.int().min(0),
  lastSequence: z.int().min(0),
  bytes: z.int().min(0),
  /** Of the file as it is stored, in hex. */
  sha256: z.string(),
})
export type BackupFile = z.infer<typeof BackupFile>

export const BackupManifest = z.object({
  v: z.literal(BACKUP_VERSION),
  createdAt: z.iso.datetime(),
  /** Of nats-server. */
  brokerVersion: z.string(),
  /** Of the ledger: a restored one has a higher one. */
  generation: z.int().min(1),
  ledgerMaxBytes: z.int().min(1),
  /** What attempts name as their place: whoever is restored looks after those of that machine. */
  machineId: z.string().nullable(),
  /** Where it was taken from, absolute. */
  stateDirectory: z.string(),
  streams: z.array(BackupFile),
  /** From where each service goes on. */
  durables: z.array(z.object({ name: z.string(), next: z.int().min(1), subjects: z.array(z.string()) })),
  logs: z.object({
    /** Whether the log archive is in the backup; else it is where it was. */
    included: z.boolean(),
    directory: z.string(),
    files: z.int().min(0),
    bytes: z.int().min(0),
  }),
})
export type BackupManifest = z.infer<typeof BackupManifest>
