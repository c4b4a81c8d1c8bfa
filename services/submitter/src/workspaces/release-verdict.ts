/** Whether a workload may be vouched for. Pure. */
import { type AttemptName, type Grant, type ServiceName, workspaceName } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'

export interface ReleaseFacts {
  readonly service: ServiceName
  /** The attempt that was named, or that has the workspace. */
  readonly name: AttemptName
  /** The workload that was named. */
  readonly workloadUid: string | undefined
  /** The workload that the attempt started with. */
  readonly uid: string | undefined
  readonly isFinished: boolean
  /** The person says that its machine is gone for good, so nobody else will ever end it. */
  readonly isMachineGone: boolean
  /** Machine or cluster that it was started on. */
  readonly location: string | undefined
  /** Who has the workspace. */
  readonly grant: Grant | null
}

/** @throws TerminalError ATTEMPT_NOT_STARTED, ATTEMPT_NOT_FINISHED, NOTHING_TO_RELEASE */
export function judgeRelease(facts: ReleaseFacts): { readonly attempt: AttemptName; readonly workloadUid: string } {
  const { service, name, workloadUid, uid, isFinished, grant } = facts
  if (workloadUid !== undefined && uid !== undefined && workloadUid !== uid) throw notHeld({ ...facts, workloadUid })
  if (uid === undefined) {
    const message = isFinished
      ? `${name} ended before it started: there is no workload of it to vouch for`
      : `${name} has not started: there is no workload of it to vouch for. To end it, stop it ("task stop")`
    throw new TerminalError('ATTEMPT_NOT_STARTED', message, { details: { attempt: name } })
  }
  if (!isFinished && !facts.isMachineGone) {
    const message =
      `${name} has not ended, so its workload ${uid} may be at work: stop it first ("task stop"), and wait for its end. ` +
      `If its machine (${facts.location ?? 'unknown'}) is gone for good, say so ("machineGone", "task release --machine-gone")`
    throw new TerminalError('ATTEMPT_NOT_FINISHED', message, { details: { attempt: name, workloadUid: uid } })
  }
  if (grant?.name !== name) throw notHeld({ service, workloadUid: uid, grant })
  return { attempt: name, workloadUid: uid }
}

/** The workspace waits for nothing of the kind. */
export function notHeld({
  service,
  workloadUid,
  grant,
}: Pick<ReleaseFacts, 'service' | 'workloadUid' | 'grant'>): TerminalError {
  const [workspace, what] = [workspaceName(service), workloadUid === undefined ? 'anything' : `workload ${workloadUid}`]
  const holder = grant === null ? 'no attempt has it' : `${grant.name} has it`
  return new TerminalError(
    'NOTHING_TO_RELEASE',
    `${workspace} does not wait for proof about ${what}: ${holder}. See GET /v1/workspaces/${service}`,
    { details: { holder: grant?.name ?? null } },
  )
}
