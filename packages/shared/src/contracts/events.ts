/**
 * The events of the system: CloudEvents 1.0, structured JSON. Each type says exactly when it is published and by whom.
 * Delivery is at least once and order is kept per subject only: handlers must bear repeats.
 *
 * Types only grow by optional fields. A changed meaning is a new type with a version (`task.submitted.v2`).
 */
import { z } from 'zod'
import { AttemptSpec, ValueSources } from './attempt-spec.ts'
import { AttemptName } from './names.ts'
import { LivePhase, Step, TerminalPhase } from './phases.ts'
import { BranchName } from './repositories.ts'
import { ResultSummary, Usage } from './result.ts'

/** Events after `task.submitted` are at most this many bytes, so that the ledger's reserve always holds `finished`. */
export const EVENT_MAX_BYTES = 8 * 1024

export const Requester = z.object({
  /** `http`, `cli`, `mcp` or `kubernetes`; a newer release may have others. */
  door: z.string().min(1).max(40),
  /** Who asked, as the door knows them. */
  caller: z.string().max(200),
})
export type Requester = z.infer<typeof Requester>

/** Loose: documents hold it too, and keep what they do not know. */
export const Epoch = z.looseObject({
  /** Raised by a restore of the ledger. */
  generation: z.int().min(1),
  /** The ledger's last sequence at the grant. */
  sequence: z.int().min(0),
})
export type Epoch = z.infer<typeof Epoch>

/** Compares by generation, then sequence; meaningful within one workspace only. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  return a.generation - b.generation || a.sequence - b.sequence
}

const envelope = {
  specversion: z.literal('1.0'),
  /** Made once for a request and kept through all tries: the identity of the event. */
  id: z.string().min(1),
  source: z.string(),
  /** The attempt's name, or the workspace's. */
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
}

/** Published by the submitter when an attempt was accepted: the full resolved spec. Subject `task.<service>.<tag>.<id>`. */
export const TaskSubmitted = z.object({
  ...envelope,
  type: z.literal('task.submitted'),
  data: z.object({
    attempt: AttemptSpec,
    sources: ValueSources,
    requestedBy: Requester,
    /** Hash of the request as received, canonical JSON. */
    requestHash: z.string(),
    /** Scoped by door and caller: `<door>/<caller>/<key>`. */
    idempotencyKey: z.exactOptional(z.string()),
    /** The attempt that this one answers. */
    previous: z.exactOptional(z.object({ n: z.int(), name: AttemptName })),
  }),
})
export type TaskSubmitted = z.infer<typeof TaskSubmitted>

/** Published by the submitter when someone asked to stop an attempt; at most one for each. Subject `attempt.….<n>`. */
export const StopRequested = z.object({
  ...envelope,
  type: z.literal('task.stopRequested'),
  data: z.object({ name: AttemptName, requestedBy: Requester, note: z.exactOptional(z.string()) }),
})
export type StopRequested = z.infer<typeof StopRequested>

/** Published by the launcher when the workload exists, held. Only once accepted is it let go. Subject `attempt.….<n>`. */
export const AttemptStarted = z.object({
  ...envelope,
  type: z.literal('attempt.started'),
  data: z.object({
    name: AttemptName,
    /** Id of the attempt's `task.submitted`: what makes a workload ours. */
    submittedId: z.string(),
    runtime: z.string().describe('"process" or "kubernetes"'),
    /** Machine or cluster id: which watcher looks after it. */
    location: z.string(),
    workloadUid: z.string(),
    epoch: Epoch,
    branch: BranchName,
    /** Normalised URL of the repository that holds the branch: claims are rebuilt from this. */
    repository: z.string(),
  }),
})
export type AttemptStarted = z.infer<typeof AttemptStarted>

/**
 * The verdict, once, ever; nothing follows it on its subject. Published by the watcher, or by the launcher for an
 * attempt that never started. Subject `attempt.….<n>`.
 */
export const AttemptFinished = z.object({
  ...envelope,
  type: z.literal('attempt.finished'),
  data: z.object({
    name: AttemptName,
    submittedId: z.string(),
    phase: TerminalPhase.catch('Unknown'),
    /** One of `REASONS`; from a newer release possibly another: read it with `readReason`. */
    reason: z.string(),
    /** One or two sentences for people. */
    message: z.string(),
    /** True only where gates ran and passed. */
    verified: z.boolean(),
    result: z.exactOptional(ResultSummary),
    logs: z.exactOptional(z.object({ lines: z.int(), gaps: z.int() })),
  }),
})
export type AttemptFinished = z.infer<typeof AttemptFinished>

/** Published by the submitter when a person vouched that nothing of a workload runs any more. Subject `workspace.<service>`. */
export const WorkspaceReleased = z.object({
  ...envelope,
  type: z.literal('workspace.released'),
  data: z.object({
    workspace: z.string(),
    workloadUid: z.string(),
    /** The attempt that the workload was of. */
    name: z.exactOptional(AttemptName),
    requestedBy: Requester,
    note: z.exactOptional(z.string()),
  }),
})
export type WorkspaceReleased = z.infer<typeof WorkspaceReleased>

/** Published by launcher and watcher when phase, step or reason changed. Subject `progress.….<n>`, stream `PROGRESS`. */
export const AttemptProgressed = z.object({
  ...envelope,
  type: z.literal('attempt.progressed'),
  data: z.object({
    name: AttemptName,
    phase: LivePhase,
    reason: z.exactOptional(z.string()),
    message: z.exactOptional(z.string()),
    /** Attempts of this workspace that go first. */
    ahead: z.exactOptional(z.int()),
    step: z.exactOptional(Step.catch('implementing')),
    usage: z.exactOptional(Usage),
    /** The agent's last words and deeds, redacted, newest last. */
    lastText: z.exactOptional(z.string()),
    lastActions: z.exactOptional(z.array(z.string())),
    /** Last line of the log seen by the watcher. */
    line: z.exactOptional(z.int()),
  }),
})
export type AttemptProgressed = z.infer<typeof AttemptProgressed>

export const LedgerEvent = z.discriminatedUnion('type', [
  TaskSubmitted,
  StopRequested,
  AttemptStarted,
  AttemptFinished,
  WorkspaceReleased,
])
/** What the stream `TASKS` holds. */
export type LedgerEvent = z.infer<typeof LedgerEvent>

export const OrchestratorEvent = z.discriminatedUnion('type', [...LedgerEvent.options, AttemptProgressed])
export type OrchestratorEvent = z.infer<typeof OrchestratorEvent>
export type EventType = OrchestratorEvent['type']
export const EVENT_TYPES: readonly EventType[] = OrchestratorEvent.options.map((option) => option.shape.type.value)
