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
  door: z.string().min(1).max(40).describe('`http`, `cli`, `mcp` or `kubernetes`; a newer release may have others'),
  caller: z.string().max(200).describe('who asked, as the door knows them: the name of their token, or `local`'),
})
export type Requester = z.infer<typeof Requester>

/** Loose: documents hold it too, and keep what they do not know. */
export const Epoch = z.looseObject({
  generation: z.int().min(1).describe('raised by each restore of the ledger'),
  sequence: z.int().min(0).describe("the ledger's last sequence when the workspace was granted"),
})
export type Epoch = z.infer<typeof Epoch>

/** Compares by generation, then sequence; meaningful within one workspace only. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  return a.generation - b.generation || a.sequence - b.sequence
}

const envelope = {
  specversion: z.literal('1.0').describe('of CloudEvents'),
  id: z.string().min(1).describe('the identity of the event: a redelivery has the same one'),
  source: z.string().describe('the service that published it, for example `/orchestrator/launcher`'),
  subject: z.string().describe("the attempt's name, or the workspace's"),
  time: z.iso.datetime().describe('when it was made, by the clock of its publisher, UTC'),
  datacontenttype: z.literal('application/json').describe('of `data`'),
}

const name = AttemptName.describe('name of the attempt')
const submittedId = z.string().describe("id of the attempt's `task.submitted`")

export const TaskSubmitted = z
  .object({
    ...envelope,
    type: z.literal('task.submitted'),
    data: z.object({
      attempt: AttemptSpec.describe('what is to be done, completely resolved'),
      sources: ValueSources.describe(
        'where each value came from: `request`, `service`, `defaults`, `agent`, `previous` or `built-in`',
      ),
      requestedBy: Requester.describe('who asked, and through which door'),
      requestHash: z.string().describe('hash of the request as it was received, canonical JSON'),
      idempotencyKey: z
        .exactOptional(z.string())
        .describe('key of the request, scoped by door and caller: `<door>/<caller>/<key>`'),
      previous: z
        .exactOptional(
          z.object({
            n: z.int().describe('its number'),
            name: AttemptName.describe('its name'),
          }),
        )
        .describe('the attempt that this one answers; left out for the first'),
    }),
  })
  .describe('An attempt was accepted. Published by the submitter on `task.<service>.<tag>.<id>`.')
export type TaskSubmitted = z.infer<typeof TaskSubmitted>

export const StopRequested = z
  .object({
    ...envelope,
    type: z.literal('task.stopRequested'),
    data: z.object({
      name,
      requestedBy: Requester.describe('who asked, and through which door'),
      note: z.exactOptional(z.string()).describe('why, in their own words'),
    }),
  })
  .describe(
    'Someone asked to stop an attempt; at most one for each. Published by the submitter on `attempt.<service>.<tag>.<id>.<n>`.',
  )
export type StopRequested = z.infer<typeof StopRequested>

export const AttemptStarted = z
  .object({
    ...envelope,
    type: z.literal('attempt.started'),
    data: z.object({
      name,
      submittedId,
      runtime: z.string().describe('`process` or `kubernetes`'),
      location: z.string().describe('machine or cluster: which watcher looks after it'),
      workloadUid: z.string().describe('the one workload that may act for this attempt'),
      epoch: Epoch.describe('fences off workloads that were granted the workspace earlier'),
      branch: BranchName.describe('the branch that it works on'),
      repository: z.string().describe('the repository of that branch, normalised: SSH and HTTPS forms are equal'),
    }),
  })
  .describe(
    'The workload exists, held; only then is it let go. Published by the launcher on `attempt.<service>.<tag>.<id>.<n>`.',
  )
export type AttemptStarted = z.infer<typeof AttemptStarted>

export const AttemptFinished = z
  .object({
    ...envelope,
    type: z.literal('attempt.finished'),
    data: z.object({
      name,
      submittedId,
      phase: TerminalPhase.catch('Unknown').describe('how it ended; `Unknown`: it may have acted and nobody can tell'),
      reason: z.string().describe('why, in one word; a newer release may have others'),
      message: z.string().describe('one or two sentences for people'),
      verified: z.boolean().describe('true only where gates ran and passed'),
      result: z.exactOptional(ResultSummary).describe('what the runner proved; left out where it wrote no record'),
      logs: z
        .exactOptional(
          z.object({
            lines: z.int().describe('lines of the log that were kept'),
            gaps: z.int().describe('lines that were lost or left out'),
          }),
        )
        .describe('how much of the log there is'),
    }),
  })
  .describe(
    'The verdict, once, ever; nothing follows it on its subject. Published by the watcher on `attempt.<service>.<tag>.<id>.<n>`, or by the launcher for an attempt that never started or whose machine is gone.',
  )
export type AttemptFinished = z.infer<typeof AttemptFinished>

export const WorkspaceReleased = z
  .object({
    ...envelope,
    type: z.literal('workspace.released'),
    data: z.object({
      workspace: z.string().describe('name of the workspace, for example `workspace-trader`'),
      workloadUid: z.string().describe('the workload of which nothing runs any more'),
      name: z.exactOptional(AttemptName).describe('the attempt that the workload was of'),
      requestedBy: Requester.describe('who vouched for it, and through which door'),
      note: z.exactOptional(z.string()).describe('what they looked at, in their own words'),
    }),
  })
  .describe(
    'A person vouched that nothing of a workload runs any more; at most one for each workload. Published by the submitter on `workspace.<service>`.',
  )
export type WorkspaceReleased = z.infer<typeof WorkspaceReleased>

export const AttemptProgressed = z
  .object({
    ...envelope,
    type: z.literal('attempt.progressed'),
    data: z.object({
      name,
      phase: LivePhase.describe('where it is'),
      reason: z.exactOptional(z.string()).describe('why it waits, in one word'),
      message: z.exactOptional(z.string()).describe('one or two sentences for people'),
      ahead: z.exactOptional(z.int()).describe('attempts of this workspace that go first'),
      step: z.exactOptional(Step.catch('implementing')).describe('what the runner is doing'),
      usage: z.exactOptional(Usage).describe('what it has used so far'),
      lastText: z.exactOptional(z.string()).describe("the agent's last words, redacted"),
      lastActions: z.exactOptional(z.array(z.string())).describe("the agent's last deeds, redacted, newest last"),
      line: z.exactOptional(z.int()).describe('number of the last line of the log that was seen'),
    }),
  })
  .describe(
    'Phase, step or reason changed. Published by launcher and watcher on `progress.<service>.<tag>.<id>.<n>`; kept for days, not part of the ledger.',
  )
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
