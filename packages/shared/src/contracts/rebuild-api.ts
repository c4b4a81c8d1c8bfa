/** Making again on command what can be made again from the ledger: the HTTP API, and what the services say to each other. */
import { z } from 'zod'

/** Core NATS subjects, in no stream: a lost message costs freshness, nothing else. */
export const CONTROL_SUBJECTS = {
  /** To every submitter, launcher and watcher: {@link RebuildNotice}. */
  rebuild: 'control.rebuild',
  /** To every submitter and launcher, who answer with a {@link RebuildReport}. */
  report: 'control.report',
  /** To one launcher: {@link DocumentsOrder}; it answers with the {@link DocumentsReport} of what it is at then. */
  documents: 'control.documents',
} as const

/** Views that were begun under a lower number are outdated. Whoever observes attempts says again where they stand. */
export const RebuildNotice = z.object({ views: z.int() })

export const DocumentsOrder = z.object({ id: z.string() })

/** How far a launcher has come with the buckets `workspaces`, `slots` and `branches`. */
export const DocumentsReport = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  /** Sequence of the ledger that was read last, and the last one there is. */
  sequence: z.int(),
  of: z.int(),
  /** What had to be written, by bucket. */
  written: z.object({ workspaces: z.int(), slots: z.int(), branches: z.int() }),
  problem: z.string().nullable(),
})
export type DocumentsReport = z.infer<typeof DocumentsReport>

/** One submitter's view. */
export const ViewReport = z.object({
  /** Of this replica; the same after a restart. */
  replica: z.string(),
  /** The rebuild that it was begun under; null before it was begun. */
  views: z.int().nullable(),
  current: z.boolean(),
  sequence: z.int(),
  of: z.int(),
})
export type ViewReport = z.infer<typeof ViewReport>

export const RebuildReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('view'), view: ViewReport }),
  z.object({ kind: z.literal('documents'), documents: DocumentsReport }),
])
export type RebuildReport = z.infer<typeof RebuildReport>

/** `POST /v1/rebuild` */
export const RebuildBody = z.strictObject({
  /** Also the buckets `workspaces`, `slots` and `branches`. */
  documents: z.boolean().default(false),
})

export const RebuildAnswer = z.object({
  /** Number of this rebuild of the views. */
  views: z.int(),
  /** Of the rebuild of the documents; null when it was not asked for. */
  documents: z.string().nullable(),
})
export type RebuildAnswer = z.infer<typeof RebuildAnswer>

/** `GET /v1/rebuild?views=&documents=` */
export const RebuildStatus = z.object({
  /** All that answer are through with it. */
  done: z.boolean(),
  /** Every submitter that answers. */
  views: z.array(ViewReport),
  /** Null when it was not asked about, or nobody knows of it: the launcher that was at it is gone. */
  documents: DocumentsReport.nullable(),
})
export type RebuildStatus = z.infer<typeof RebuildStatus>
