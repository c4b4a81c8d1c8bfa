/**
 * Documents of the key-value buckets. Every write is conditional on the revision read; unknown fields are kept, and a
 * document with a higher `v` is left to newer code.
 */
import { z } from 'zod'
import { Epoch } from './events.ts'
import { AgentName, AttemptRef, ServiceName, Tag, TaskId } from './identity.ts'
import { AttemptName } from './names.ts'
import { BranchName } from './repositories.ts'

export const BUCKETS = ['workspaces', 'slots', 'branches', 'leases', 'deliveries', 'tokens'] as const
export type Bucket = (typeof BUCKETS)[number]

/** An attempt that waits for, or holds, a workspace. */
export const QueueEntry = z.looseObject({
  ...AttemptRef.shape,
  name: AttemptName,
  agent: AgentName,
  /** Id of its `task.submitted`. */
  submittedId: z.string(),
  /** Sequence of its `task.submitted`: entries are ordered by it. */
  sequence: z.int(),
  stopRequested: z.boolean(),
})
export type QueueEntry = z.infer<typeof QueueEntry>

/** The one attempt that may use the workspace, until its `finished` is in the ledger and its release is proven. */
export const Grant = z.looseObject({
  ...QueueEntry.shape,
  epoch: Epoch,
  /** Keys in `slots` that it holds. */
  slots: z.array(z.string()),
  /** Of the workload that may still run after its `finished`; who runs now is said by `attempt.started`. */
  workloadUid: z.string().nullable(),
  /** Set when its `finished` was seen and only the proof of release is missing. */
  finished: z.boolean(),
})
export type Grant = z.infer<typeof Grant>

export const QUEUE_MAX_ENTRIES = 64

/** Bucket `workspaces`, key = service. */
export const WorkspaceDocument = z.looseObject({
  v: z.literal(1),
  service: ServiceName,
  grant: Grant.nullable(),
  /** The oldest waiting attempts, by sequence, at most `QUEUE_MAX_ENTRIES`. */
  entries: z.array(QueueEntry),
  /** Set when more wait than fit: those with a higher sequence are read from the ledger. */
  overflowAfter: z.int().nullable(),
})
export type WorkspaceDocument = z.infer<typeof WorkspaceDocument>

/** Bucket `slots`, key `global.<i>` or `agent.<agent>.<i>`. */
export const SlotDocument = z.looseObject({
  v: z.literal(1),
  service: ServiceName,
  name: AttemptName,
  submittedId: z.string(),
})
export type SlotDocument = z.infer<typeof SlotDocument>

/** Bucket `branches`, key = `branchKey`: which task a branch of a repository belongs to, for good. */
export const BranchDocument = z.looseObject({
  v: z.literal(1),
  service: ServiceName,
  tag: Tag,
  taskId: TaskId,
  repository: z.string(),
  branch: BranchName,
})
export type BranchDocument = z.infer<typeof BranchDocument>

/** Bucket `leases`: judged by how long the record has not changed on the observer's own clock, never by times in it. */
export const LeaseDocument = z.looseObject({ v: z.literal(1), holder: z.string(), beat: z.int() })
export type LeaseDocument = z.infer<typeof LeaseDocument>

/** An event that the channel refused and that a person asked to have told again. */
export const TellAgain = z.looseObject({
  sequence: z.int(),
  /** Of its letter in `DEADLETTERS`. */
  letter: z.int(),
})
export type TellAgain = z.infer<typeof TellAgain>

/** Bucket `deliveries`, key `<channel>.<service>.<tag>.<id>`: what one channel still has to tell of one task. */
export const DeliveryDocument = z.looseObject({
  v: z.literal(1),
  channel: z.string(),
  service: ServiceName,
  tag: Tag,
  taskId: TaskId,
  /** Highest ledger sequence that concerns this task. */
  dirty: z.int(),
  /** Highest ledger sequence that the channel has delivered, rejected or passed over. */
  sent: z.int(),
  /** Told besides, whatever `sent` says; left out when there is nothing. */
  again: z.exactOptional(z.array(TellAgain)),
  /** Who is telling now, as a lease; empty when nobody is. */
  holder: z.string(),
  beat: z.int(),
  /**
   * What the channel made for the task at its first word and comes back to, such as a message that it changes: its id
   * there. A record with one is kept for good, else the next word would make another.
   */
  root: z.exactOptional(z.string()),
})
export type DeliveryDocument = z.infer<typeof DeliveryDocument>

export function deliveryKey(channel: string, task: { service: string; tag: string; taskId: string }): string {
  return `${channel}.${task.service}.${task.tag}.${task.taskId.replaceAll('.', '_')}`
}
