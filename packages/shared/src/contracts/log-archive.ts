/**
 * Whole logs, where the stream has let them go: written by the watcher, read by the submitter. A file is gzip of one
 * head line and then the log's lines: a runner's as they were written, gaps (`LogGapLine`) and the end (`LogEndLine`).
 */
import { z } from 'zod'
import { AttemptRef } from './identity.ts'
import { AttemptName } from './names.ts'

export const ARCHIVED_LOG_SUFFIX = '.ndjson.gz'

/** Below the archive. */
export function archivedLogPath({ service, tag, taskId, name }: AttemptRef & { readonly name: AttemptName }): string {
  return `${service}/${tag}/${taskId}/${name}${ARCHIVED_LOG_SUFFIX}`
}

/** The first line. Whoever reads the log checks whose it is: after a restore of the ledger a name may come again. */
export const ArchiveHead = z.object({
  v: z.literal(1),
  kind: z.literal('head'),
  name: AttemptName,
  ...AttemptRef.shape,
  /** Id of the attempt's `task.submitted`. */
  submittedId: z.string(),
  runtime: z.string(),
  location: z.string(),
  workloadUid: z.string(),
  /** `stream`: read back from `LOGS`; `source`: from what the workload itself wrote. A newer release may have others. */
  origin: z.string(),
})
export type ArchiveHead = z.infer<typeof ArchiveHead>

/** Compressed; the head is never longer. */
export const ARCHIVE_HEAD_BYTES = 4096
