/** What people are told of everyone in a workspace, from its document and the step that is due. */
import type { QueueEntry, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { cutToBytes } from '@orchestrator/shared/core'
import type { Step } from '../reconcile/next-step.ts'
import type { ProgressData, Report } from './progress-reporter.ts'

const PROBLEM_MAX_BYTES = 500

export function progressOf(document: WorkspaceDocument, step: Step): readonly Report[] {
  const starting = startingReport(document, step)
  // Who gets the workspace at this moment does not wait any more.
  const isNext = (i: number): boolean => (step.kind === 'grant' || step.kind === 'passOn') && i === 0
  const waiting = document.entries.flatMap((entry, i) =>
    isNext(i) ? [] : [waitingReport(document, step, { entry, i })],
  )
  return [...(starting === undefined ? [] : [starting]), ...waiting]
}

/** Until `started` is in the ledger; after that the watcher speaks. */
function startingReport({ grant }: WorkspaceDocument, step: Step): Report | undefined {
  if (grant === null || !['claimBranch', 'launch', 'waitToLaunch', 'publishStarted'].includes(step.kind))
    return undefined
  if (step.kind !== 'waitToLaunch') return { entry: grant, data: { phase: 'Starting' } }
  const message = `The launch failed and is tried again: ${cutToBytes(step.problem, PROBLEM_MAX_BYTES)}`
  return { entry: grant, data: { phase: 'Starting', message } }
}

interface Place {
  readonly entry: QueueEntry
  readonly i: number
}

function waitingReport({ grant, entries }: WorkspaceDocument, step: Step, { entry, i }: Place): Report {
  const before = entries[i - 1] ?? grant
  const ahead = i + (grant === null ? 0 : 1)
  return { entry, data: { phase: 'Queued', ahead, ...why(step, before?.name) } }
}

function why(step: Step, before: string | undefined): Pick<ProgressData, 'reason' | 'message'> {
  if (step.kind === 'awaitRelease') return { reason: 'WorkspaceBusy', message: busyMessage(step) }
  if (before !== undefined) return { reason: 'WaitingForWorkspace', message: `behind ${before}` }
  if (step.kind === 'waitForTurn') {
    return { reason: 'WaitingForSlot', message: 'the next free place goes to an older submission' }
  }
  if (step.kind === 'waitForSlot') return { reason: 'WaitingForSlot', message: slotMessage(step) }
  return {}
}

function busyMessage({ grant, workloadUid, location, ours }: Extract<Step, { kind: 'awaitRelease' }>): string {
  if (ours) return `something of ${grant.name} still runs (workload ${workloadUid}) and is being ended`
  return `${grant.name} has ended, but this launcher cannot see whether something of it still runs at ${location} (workload ${workloadUid}): once nothing does, a person's word frees the workspace ("task release")`
}

function slotMessage({ cap }: Extract<Step, { kind: 'waitForSlot' }>): string {
  const whose = cap.name === 'global' ? 'in all' : `of ${cap.name.slice('agent.'.length)}`
  return `all ${cap.size} places for attempts ${whose} are taken`
}
