/** From a row of the view to what the API answers. Pure. */
import { type AttemptView, isTerminal, type Phase } from '@orchestrator/shared/contracts'
import { type AttemptRow, phaseOf } from './rows.ts'

export function toAttemptView(row: AttemptRow): AttemptView {
  const { submitted, finished } = row
  const { attempt } = submitted
  const { prompt, ...spec } = attempt
  const phase = phaseOf(row)
  const progress = row.progress ?? undefined
  return {
    name: spec.name,
    service: spec.service,
    tag: spec.tag,
    taskId: spec.taskId,
    n: spec.n,
    agent: spec.agent,
    model: spec.model,
    phase,
    ...explanation(row, phase),
    step: phase === 'Running' ? (progress?.step ?? null) : null,
    ahead: phase === 'Submitted' || phase === 'Queued' ? (progress?.ahead ?? null) : null,
    usage: finished?.result?.usage ?? progress?.usage ?? null,
    lastText: progress?.lastText ?? null,
    lastActions: progress?.lastActions ?? [],
    repository: spec.repository,
    platform: spec.platform,
    workingDirectory: spec.workingDirectory,
    workspace: spec.workspace,
    branch: spec.branch,
    guidance: prompt.guidance ?? null,
    promptMode: prompt.mode,
    limits: spec.limits,
    sources: submitted.sources,
    previous: submitted.previous?.name ?? null,
    requestedBy: submitted.requestedBy,
    ...timesOf(row),
    stopRequested: row.stop_seq !== null,
    verified: finished?.verified ?? null,
    result: finished?.result ?? null,
    latest: row.latest === 1,
    sequence: row.submitted_seq,
    lastSequence: Math.max(row.submitted_seq, row.stop_seq ?? 0, row.started_seq ?? 0, row.finished_seq ?? 0),
  }
}

/** The ledger's order is certain, the broker's clock may have been set back between two events: no duration is negative. */
function timesOf(row: AttemptRow): Pick<AttemptView, 'submittedAt' | 'startedAt' | 'finishedAt'> {
  const notBefore = (least: Date, time: Date | null): Date | null => (time !== null && time < least ? least : time)
  const startedAt = notBefore(row.submitted_at, row.started_at)
  const finishedAt = notBefore(startedAt ?? row.submitted_at, row.finished_at)
  return {
    submittedAt: row.submitted_at.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  }
}

/** Why it is where it is: the verdict's words at the end, until then those of progress while it speaks of this phase. */
function explanation(row: AttemptRow, phase: Phase): Pick<AttemptView, 'reason' | 'message'> {
  const { finished, progress } = row
  if (isTerminal(phase)) return { reason: finished?.reason ?? null, message: finished?.message ?? null }
  if (progress?.phase !== phase) return { reason: null, message: null }
  return { reason: progress.reason ?? null, message: progress.message ?? null }
}
