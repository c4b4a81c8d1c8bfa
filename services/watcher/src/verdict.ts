/** How an attempt ended: evidence in, verdict out. */
import { Outcome, type Reason, type ResultRecord, type TerminalPhase } from '@orchestrator/shared/contracts'
import type { EndObservation, FoundRecord, Observation, RuntimeCause, SummaryLine } from './observers/port.ts'
import { folderOf, type StartedAttempt } from './started-attempt.ts'

export interface Evidence {
  readonly attempt: StartedAttempt
  readonly observation: Observation
  /** `stopRequested` precedes on the attempt's subject. */
  readonly stopRequested: boolean
  /** A second look, after the runtime's first list, found the same end. */
  readonly confirmed: boolean
  /** The ledger was restored from a backup after it had started. */
  readonly restored: boolean
}

export interface Verdict {
  readonly phase: TerminalPhase
  /** One of `REASONS`, or what a newer runner wrote. */
  readonly reason: string
  readonly message: string
  readonly verified: boolean
  /** The record that decided, if one did. */
  readonly found?: FoundRecord
}

type EndedEvidence = Evidence & { readonly observation: Extract<Observation, { kind: 'ended' }> }

/**
 * The result record decides, also when a stop was asked for; then the last log line; then what the runtime says; then a
 * stop. What is left is `Unknown`, a restart of the machine too: what had been done by then, nobody knows. Evidence with
 * another attempt's id is none.
 * @returns undefined when it is too early to tell
 */
export function judge(evidence: Evidence): Verdict | undefined {
  const { observation, attempt, confirmed } = evidence
  if (observation.kind === 'running') return undefined
  const { record, summary } = observation
  if (record?.record.submittedId === attempt.submittedId) return fromRecord(record)
  if (!confirmed) return undefined
  if (summary?.submittedId === attempt.submittedId) return fromSummary(summary, attempt)
  return withoutRecord({ ...evidence, observation })
}

function fromRecord(found: FoundRecord): Verdict {
  const { outcome, reason, message, verified } = found.record
  return { phase: outcome, reason, message, verified: verified && outcome === 'Succeeded', found }
}

/** The summary has no flag of its own for gates: only their reason says that they passed. */
function fromSummary({ outcome, reason, message }: SummaryLine, attempt: StartedAttempt): Verdict {
  const known = Outcome.safeParse(outcome)
  if (!known.success) return unknown(attempt, `its last line says ${outcome}, which this release does not know`)
  const passed: Reason = 'GatesPassed'
  return { phase: known.data, reason, message, verified: known.data === 'Succeeded' && reason === passed }
}

function withoutRecord({ attempt, observation, stopRequested, restored }: EndedEvidence): Verdict {
  const { cause } = observation
  if (cause !== undefined && cause !== 'reboot') return fromCause(cause, attempt)
  if (stopRequested) return stopped(attempt)
  if (observation.neverLetGo) return neverLetGo()
  return unknown(attempt, restored ? RESTORED : describeLoss(observation))
}

const RESTORED = 'the ledger was restored from a backup meanwhile, and nothing of it is to be found here'

function describeLoss({ cause, claimLost }: EndObservation): string {
  if (cause === 'reboot') return 'its machine was restarted meanwhile'
  return claimLost ? 'another workload owns it' : 'nothing says why'
}

type DecidingCause = Exclude<RuntimeCause, 'reboot'>

const CAUSES: Readonly<Record<DecidingCause, { phase: TerminalPhase; reason: Reason; text: string }>> = {
  oom: { phase: 'Failed', reason: 'OOMKilled', text: 'It was ended because it used more memory than it may.' },
  eviction: { phase: 'Failed', reason: 'Evicted', text: 'It was evicted from its node.' },
  deadline: { phase: 'TimedOut', reason: 'DeadlineExceeded', text: 'It was ended because its time was over.' },
}

function fromCause(cause: DecidingCause, attempt: StartedAttempt): Verdict {
  const { phase, reason, text } = CAUSES[cause]
  return plain(phase, reason, `${text} There is no result record: see ${places(attempt)} for what it did before.`)
}

function stopped(attempt: StartedAttempt): Verdict {
  const message = `Stopped as asked, before it wrote a result record: see ${places(attempt)} for what it did before.`
  return plain('Stopped', 'StopRequested', message)
}

function neverLetGo(): Verdict {
  return plain('Failed', 'LaunchFailed', 'It was never told to begin and gave up waiting: nothing was done.')
}

function unknown(attempt: StartedAttempt, detail: string): Verdict {
  const message =
    `It ended without a result record (${detail}), so it may have acted: look at ${places(attempt)}, then retry it. ` +
    'Nothing runs again by itself.'
  return plain('Unknown', 'WorkloadLost', message)
}

function plain(phase: TerminalPhase, reason: Reason, message: string): Verdict {
  return { phase, reason, message, verified: false }
}

function places({ ref, branch, repository, generation }: StartedAttempt): string {
  return `branch ${branch} of ${repository} and folder ${folderOf({ ref, generation })} of the workspace`
}

/** How many lines the runner wrote before its record, if this attempt's record is there. */
export function recordedLines(observation: Observation, submittedId: string): number {
  const record: ResultRecord | undefined = observation.kind === 'ended' ? observation.record?.record : undefined
  return record?.submittedId === submittedId ? record.lines : 0
}
