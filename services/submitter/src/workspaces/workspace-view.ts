/** A workspace as the API shows it. Pure. */
import {
  isTerminal,
  type QueueEntry,
  type ServiceName,
  type WorkspaceHolder,
  workspaceName,
  type WorkspaceView,
} from '@orchestrator/shared/contracts'

export interface WorkspaceFacts {
  readonly service: ServiceName
  readonly holder: WorkspaceHolder | null
  readonly waiting: readonly { readonly entry: QueueEntry; readonly submittedAt: string | null }[]
  readonly moreWaiting: boolean
  /** Attempts that no launcher has taken up yet: the workspace has no document. */
  readonly unnoted: number
}

export function toWorkspaceView(facts: WorkspaceFacts): WorkspaceView {
  const { service, holder, waiting, moreWaiting } = facts
  const state = stateOf(facts)
  return {
    service,
    workspace: workspaceName(service),
    state,
    reason: state === 'Busy' ? 'WorkspaceBusy' : null,
    message: messageOf(facts, state),
    holder,
    waiting: waiting.map(({ entry, submittedAt }) => {
      const { tag, taskId, n, name, agent, stopRequested } = entry
      return { attempt: name, service, tag, taskId, n, agent, submittedAt, stopRequested }
    }),
    moreWaiting,
  }
}

/** One that ended before it had a workload leaves nothing to prove: it is about to go. */
function stateOf({ holder, waiting, moreWaiting }: WorkspaceFacts): WorkspaceView['state'] {
  if (holder !== null) return isTerminal(holder.phase) && holder.workload !== null ? 'Busy' : 'InUse'
  return waiting.length > 0 || moreWaiting ? 'Waiting' : 'Free'
}

function messageOf({ holder, waiting, unnoted }: WorkspaceFacts, state: WorkspaceView['state']): string {
  const [first] = waiting
  if (holder === null) {
    if (unnoted > 0) return `${unnoted === 1 ? 'One attempt waits' : `${unnoted} attempts wait`} for a launcher.`
    return first === undefined ? 'Nobody has it, and nobody waits.' : `${first.entry.name} gets it next.`
  }
  if (state === 'InUse') return `${holder.attempt} has it.`
  return busyMessage(holder)
}

function busyMessage({ attempt, phase, workload, released }: WorkspaceHolder): string {
  const what = `${attempt} has ended (${phase})`
  if (released !== null) {
    const { caller, door } = released.requestedBy
    return `${what}, and ${caller} (${door}) has vouched that nothing of it runs any more: the workspace is about to be free.`
  }
  return `${what}, but nothing proves that workload ${workload?.uid ?? ''} at ${workload?.location ?? ''} is gone. Once nothing of it runs any more, a person's word frees the workspace ("task release").`
}
