/** The HTTP API of workspaces: who has one, who waits for it, and the word of a person that frees it. */
import { z } from 'zod'
import { Requester } from './events.ts'
import { AgentName, AttemptRef, ServiceName } from './identity.ts'
import { AttemptName } from './names.ts'
import { Phase } from './phases.ts'

/**
 * `Free`: nobody has it, nobody waits. `Waiting`: nobody has it yet. `InUse`: an attempt has it. `Busy`: that attempt
 * has ended, but nothing proves yet that nothing of it runs any more.
 */
export const WorkspaceState = z.enum(['Free', 'Waiting', 'InUse', 'Busy'])
export type WorkspaceState = z.infer<typeof WorkspaceState>

/** A person's word that nothing of a workload runs any more. */
export const ReleaseView = z.object({
  workloadUid: z.string(),
  requestedBy: Requester,
  note: z.string().nullable(),
  /** Time of the broker. */
  at: z.iso.datetime(),
  sequence: z.int(),
})
export type ReleaseView = z.infer<typeof ReleaseView>

export const WorkspaceHolder = z.object({
  attempt: AttemptName,
  ...AttemptRef.shape,
  agent: AgentName,
  phase: Phase,
  /** Null before its workload exists. */
  workload: z
    .object({
      uid: z.string(),
      runtime: z.string(),
      /** Machine or cluster id. */
      location: z.string(),
    })
    .nullable(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** Given already: the launcher is about to act on it. */
  released: ReleaseView.nullable(),
})
export type WorkspaceHolder = z.infer<typeof WorkspaceHolder>

export const WaitingAttempt = z.object({
  attempt: AttemptName,
  ...AttemptRef.shape,
  agent: AgentName,
  submittedAt: z.iso.datetime().nullable(),
  stopRequested: z.boolean(),
})

/** `GET /v1/workspaces/{service}` */
export const WorkspaceView = z.object({
  service: ServiceName,
  workspace: z.string(),
  state: WorkspaceState,
  /** `WorkspaceBusy` when it is, else null. */
  reason: z.string().nullable(),
  message: z.string(),
  holder: WorkspaceHolder.nullable(),
  /** Oldest submission first. */
  waiting: z.array(WaitingAttempt),
  /** More wait than are listed. */
  moreWaiting: z.boolean(),
})
export type WorkspaceView = z.infer<typeof WorkspaceView>

/** `GET /v1/workspaces`, by name of the service. */
export const WorkspaceList = z.object({ workspaces: z.array(WorkspaceView) })
export type WorkspaceList = z.infer<typeof WorkspaceList>

/** `POST /v1/workspaces/{service}/release`: names what is vouched for, so that it is never something else by then. */
export const ReleaseBody = z
  .strictObject({
    attempt: z.exactOptional(AttemptName),
    workloadUid: z.exactOptional(z.string().min(1).max(300)),
    note: z.exactOptional(z.string().max(1000)),
    /** The machine of an attempt that has not ended is gone for good: it is ended as Unknown, its workspace freed. */
    machineGone: z.exactOptional(z.boolean()),
  })
  .refine(
    ({ attempt, workloadUid }) => attempt !== undefined || workloadUid !== undefined,
    'must name what is vouched for: "attempt" or "workloadUid", as GET /v1/workspaces/{service} shows them',
  )
export type ReleaseBody = z.infer<typeof ReleaseBody>

export const ReleaseAnswer = z.object({
  service: ServiceName,
  workspace: z.string(),
  /** Null where an older release has not said it. */
  attempt: AttemptName.nullable(),
  /** False when somebody had vouched for it before: then all else is of that release. */
  accepted: z.boolean(),
  message: z.string(),
  ...ReleaseView.shape,
})
export type ReleaseAnswer = z.infer<typeof ReleaseAnswer>
