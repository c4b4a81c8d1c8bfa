/** What was seen in a round: all that the checks are given. Plain data, so that a broken history can be written by hand. */
import type { OrchestratorEvent, Phase } from '@orchestrator/shared/contracts'
import type { Victim } from './schedule.ts'

/** A submit that was answered with 200 or 202. */
export interface Acknowledged {
  readonly key: string
  readonly attempt: string
  readonly n: number
  readonly sequence: number
}

/** An answer that no fault explains. */
export interface Refused {
  readonly what: string
  readonly status: number
  readonly detail: string
}

export interface AcknowledgedStop {
  readonly attempt: string
  readonly accepted: boolean
  readonly phase: Phase
  readonly sequence: number
}

export interface StoredMessage {
  readonly seq: number
  readonly subject: string
  readonly text: string
}

/** A message of the ledger; without an event it cannot be read. */
export interface LedgerMessage {
  readonly seq: number
  readonly subject: string
  readonly event: OrchestratorEvent | undefined
}

/** What agents write down themselves, in the order of writing. */
export interface AgentMark {
  /** `overlap`: a living agent of another attempt was found in the same workspace. */
  readonly what: 'begin' | 'end' | 'overlap'
  readonly submittedId: string
  readonly service: string
  readonly pid: string
}

export interface DoneKill {
  readonly victim: Victim
  /** Of runner and agent. */
  readonly submittedId: string | undefined
}

/** What one runner wrote. */
export interface LinesFile {
  readonly attempt: string
  readonly workloadUid: string | undefined
  readonly text: string
}

export interface ShownAttempt {
  readonly attempt: string
  readonly phase: Phase
}

export interface History {
  readonly acknowledged: readonly Acknowledged[]
  readonly stops: readonly AcknowledgedStop[]
  readonly refused: readonly Refused[]
  readonly ledger: readonly LedgerMessage[]
  readonly marks: readonly AgentMark[]
  readonly kills: readonly DoneKill[]
  /** How often a notifier was out of the world for so long that another one took its leases over. */
  readonly lostLeases: number
  readonly lines: readonly LinesFile[]
  readonly logs: readonly StoredMessage[]
  /** Sequences of the events that the sink received, in the order of arrival. */
  readonly told: readonly number[]
  /** Every commit that the remotes have. */
  readonly commits: ReadonlySet<string>
  /** By replica of the submitter. */
  readonly views: readonly (readonly ShownAttempt[])[]
  readonly deadLetters: readonly string[]
  /** Workspaces and slots that are not given back, processes that still run, services that are not ready. */
  readonly leftovers: readonly string[]
}

export interface Breach {
  /** The rule, in a few words: the same for every breach of it. */
  readonly rule: string
  readonly detail: string
}
