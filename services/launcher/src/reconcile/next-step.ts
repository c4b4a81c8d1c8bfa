/**
 * What is missing next for one workspace. Data in, one step out: whoever asks again after a crash, or at the same time
 * from another replica, gets the same answer from the same world.
 */
import type {
  AttemptFinished,
  AttemptStarted,
  BranchDocument,
  Grant,
  QueueEntry,
  WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import { assertNever } from '@orchestrator/shared/core'
import type { AttemptHistory } from '../memory/attempt-history.ts'
import { needsRefill } from '../queue/queue.ts'
import type { Cap, SlotChoice } from '../queue/slots.ts'

/** Where a started workload is. `elsewhere`: on another machine, out of our hands but for the word of a person. */
export type WorkloadFact =
  /** `dueInMs`: when it is overdue, if it is let go now. */
  | { readonly kind: 'held'; readonly dueInMs: number }
  | { readonly kind: 'running'; readonly overdue: boolean; readonly dueInMs: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'elsewhere'; readonly location: string; readonly vouchedBy: string | undefined }

export type BranchFact =
  | { readonly kind: 'unclaimed' }
  | { readonly kind: 'ours' }
  | { readonly kind: 'taken'; readonly by: BranchDocument }

/** How making the workload has gone so far, in this process. */
export type LaunchFact =
  | { readonly kind: 'due' }
  | { readonly kind: 'later'; readonly inMs: number; readonly problem: string }
  | { readonly kind: 'failed'; readonly reason: 'LaunchFailed' | 'ConfigurationInvalid'; readonly message: string }

/** The world around a grant; facts that do not matter at its stage are not gathered. */
export type GrantFacts =
  | {
      readonly stage: 'unstarted'
      readonly heldUid: string | undefined
      readonly branch: BranchFact
      readonly launch: LaunchFact
    }
  | { readonly stage: 'started'; readonly workload: WorkloadFact }
  | {
      readonly stage: 'finished'
      readonly released: boolean
      readonly ours: boolean
      /** Waits, and may have the workspace at once when it is released. */
      readonly next?: QueueEntry
    }

export type Situation =
  | { readonly at: 'empty' }
  /** Someone asked to stop a waiting attempt, wherever it stands in the queue. */
  | { readonly at: 'stopping'; readonly entry: QueueEntry; readonly history: AttemptHistory }
  | {
      readonly at: 'waiting'
      readonly head: QueueEntry
      readonly history: AttemptHistory
      readonly slots: SlotChoice
      readonly staleSlots: boolean
    }
  | { readonly at: 'granted'; readonly grant: Grant; readonly history: AttemptHistory; readonly facts: GrantFacts }

export type StopCause = 'requested' | 'deadline'

export type Step =
  /** Nothing to do before something happens, or `lookAgainMs` have passed. */
  | { readonly kind: 'idle'; readonly lookAgainMs?: number }
  | { readonly kind: 'refill' }
  | { readonly kind: 'skipFinished'; readonly entry: QueueEntry }
  /** Publish `finished` for an attempt that has no `started`; where it was stopped, once nothing held is left of it. */
  | { readonly kind: 'finishUnstarted'; readonly entry: QueueEntry; readonly verdict: Verdict }
  /** `started` is there although the document does not know: it lost its memory. */
  | { readonly kind: 'adopt'; readonly entry: QueueEntry }
  | { readonly kind: 'returnStaleSlots' }
  | { readonly kind: 'waitForSlot'; readonly head: QueueEntry; readonly cap: Cap }
  /** A place is free, but not for this one: whoever came first is looked at again. */
  | { readonly kind: 'waitForTurn'; readonly head: QueueEntry; readonly cap: Cap; readonly services: readonly string[] }
  | { readonly kind: 'grant'; readonly head: QueueEntry; readonly slots: Extract<SlotChoice, { kind: 'enough' }> }
  | { readonly kind: 'claimBranch'; readonly grant: Grant }
  | { readonly kind: 'launch'; readonly grant: Grant }
  | { readonly kind: 'waitToLaunch'; readonly grant: Grant; readonly inMs: number; readonly problem: string }
  | { readonly kind: 'publishStarted'; readonly grant: Grant; readonly workloadUid: string }
  | { readonly kind: 'letGo'; readonly grant: Grant; readonly workloadUid: string; readonly dueInMs: number }
  | {
      readonly kind: 'stop'
      readonly grant: Grant
      readonly workloadUid: string
      readonly cause: StopCause
      readonly requestedBy: string
    }
  /** Publish `finished` for an attempt of a machine that is gone for good, as a person vouched. */
  | { readonly kind: 'finishLost'; readonly grant: Grant; readonly verdict: Verdict }
  | { readonly kind: 'noteFinished'; readonly workloadUid: string }
  | {
      readonly kind: 'awaitRelease'
      readonly grant: Grant
      readonly workloadUid: string
      /** Machine or cluster that it was started on. */
      readonly location: string
      readonly ours: boolean
    }
  | { readonly kind: 'release'; readonly grant: Grant; readonly started: boolean }
  /** Release, and grant to who waits. */
  | { readonly kind: 'passOn'; readonly grant: Grant; readonly started: boolean; readonly head: QueueEntry }

export type Verdict = Pick<AttemptFinished['data'], 'phase' | 'reason' | 'message'>

export function nextStep(document: WorkspaceDocument, situation: Situation): Step {
  if (needsRefill(document)) return { kind: 'refill' }
  switch (situation.at) {
    case 'empty':
      return { kind: 'idle' }
    case 'stopping':
      return stepForStopping(situation)
    case 'waiting':
      return stepForWaiting(situation)
    case 'granted':
      return stepForGrant(situation)
    default:
      return assertNever(situation, 'situation')
  }
}

function stepForStopping({ entry, history }: Extract<Situation, { at: 'stopping' }>): Step {
  if (history.finished !== undefined) return { kind: 'skipFinished', entry }
  return { kind: 'finishUnstarted', entry, verdict: stoppedVerdict(history) }
}

function stepForWaiting({ head, history, slots, staleSlots }: Extract<Situation, { at: 'waiting' }>): Step {
  if (history.started !== undefined) return { kind: 'adopt', entry: head }
  if (history.finished !== undefined) return { kind: 'skipFinished', entry: head }
  if (isStopped(head, history)) return { kind: 'finishUnstarted', entry: head, verdict: stoppedVerdict(history) }
  if (staleSlots) return { kind: 'returnStaleSlots' }
  if (slots.kind === 'enough') return { kind: 'grant', head, slots }
  const { cap } = slots
  if (slots.kind === 'full') return { kind: 'waitForSlot', head, cap }
  return { kind: 'waitForTurn', head, cap, services: slots.services }
}

function stepForGrant({ grant, history, facts }: Extract<Situation, { at: 'granted' }>): Step {
  if (facts.stage === 'unstarted') return stepForUnstarted(grant, history, facts)
  if (facts.stage === 'started') return stepForStarted(grant, history, facts.workload)
  if (history.started === undefined) return stepForReleased(grant, { started: false, ...facts })
  return stepForFinished(grant, history.started, facts)
}

function stepForUnstarted(
  grant: Grant,
  history: AttemptHistory,
  facts: Extract<GrantFacts, { stage: 'unstarted' }>,
): Step {
  const { branch, launch, heldUid } = facts
  if (isStopped(grant, history)) return { kind: 'finishUnstarted', entry: grant, verdict: stoppedVerdict(history) }
  if (branch.kind === 'taken') return { kind: 'finishUnstarted', entry: grant, verdict: conflictVerdict(branch.by) }
  if (branch.kind === 'unclaimed') return { kind: 'claimBranch', grant }
  if (heldUid !== undefined) return { kind: 'publishStarted', grant, workloadUid: heldUid }
  if (launch.kind === 'due') return { kind: 'launch', grant }
  if (launch.kind === 'later') return { kind: 'waitToLaunch', grant, inMs: launch.inMs, problem: launch.problem }
  const { reason, message } = launch
  return { kind: 'finishUnstarted', entry: grant, verdict: { phase: 'Failed', reason, message } }
}

function stepForStarted(grant: Grant, history: AttemptHistory, workload: WorkloadFact): Step {
  const workloadUid = history.started?.data.workloadUid ?? ''
  const stopFor = (cause: StopCause): Step => {
    const requestedBy = cause === 'deadline' ? 'the launcher' : (history.stop?.data.requestedBy.caller ?? 'a person')
    return { kind: 'stop', grant, workloadUid, cause, requestedBy }
  }
  if (workload.kind === 'gone') return { kind: 'idle' }
  if (workload.kind === 'elsewhere') return stepForElsewhere(grant, workload)
  if (isStopped(grant, history)) return stopFor('requested')
  if (workload.kind === 'held') return { kind: 'letGo', grant, workloadUid, dueInMs: workload.dueInMs }
  if (workload.overdue) return stopFor('deadline')
  return { kind: 'idle', lookAgainMs: workload.dueInMs }
}

/** Nobody there would ever say how it ended. */
function stepForElsewhere(grant: Grant, { location, vouchedBy }: Extract<WorkloadFact, { kind: 'elsewhere' }>): Step {
  if (vouchedBy === undefined) return { kind: 'idle' }
  const message =
    `${vouchedBy} vouched that its machine (${location}) is gone and nothing of it runs any more. How far it came is not known: ` +
    'look at its branch before the next attempt.'
  return { kind: 'finishLost', grant, verdict: { phase: 'Unknown', reason: 'WorkloadLost', message } }
}

function stepForFinished(
  grant: Grant,
  { data: { workloadUid, location } }: AttemptStarted,
  facts: Extract<GrantFacts, { stage: 'finished' }>,
): Step {
  if (facts.released) return stepForReleased(grant, { started: true, ...facts })
  if (!grant.finished) return { kind: 'noteFinished', workloadUid }
  return { kind: 'awaitRelease', grant, workloadUid, location, ours: facts.ours }
}

function stepForReleased(
  grant: Grant,
  { started, next: head }: { readonly started: boolean; readonly next?: QueueEntry },
): Step {
  return head === undefined ? { kind: 'release', grant, started } : { kind: 'passOn', grant, started, head }
}

function isStopped(entry: QueueEntry, history: AttemptHistory): boolean {
  return entry.stopRequested || history.stop !== undefined
}

function stoppedVerdict({ stop }: Pick<AttemptHistory, 'stop'>): Verdict {
  const who = stop === undefined ? '' : ` by ${stop.data.requestedBy.caller}`
  return { phase: 'Stopped', reason: 'StopRequested', message: `Stopped${who} before it started. Nothing was touched.` }
}

function conflictVerdict({ service, tag, taskId, branch }: BranchDocument): Verdict {
  const message =
    `The branch ${branch} belongs to task ${taskId} of ${service} (tag ${tag}). Nothing was touched. ` +
    'The next attempt of this task takes a branch of its own.'
  return { phase: 'Failed', reason: 'WorkspaceConflict', message }
}
