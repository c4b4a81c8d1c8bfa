/** How a watcher sees workloads. One observer for each runtime; everything above this port is the same for all. */
import type { AttemptRef, ResultRecord, RunnerLine } from '@orchestrator/shared/contracts'
import type { StartedAttempt } from '../started-attempt.ts'

/** What the runtime itself says about an end. A reboot says when, but not how far it had come. */
export type RuntimeCause = 'oom' | 'eviction' | 'deadline' | 'reboot'

export type SummaryLine = Extract<RunnerLine, { kind: 'summary' }>

/** The result record as it was found: who reads it checks whose it is. */
export interface FoundRecord {
  readonly record: ResultRecord
  /** SHA-256 of the file. */
  readonly digest: string
}

export interface EndObservation {
  readonly kind: 'ended'
  readonly cause?: RuntimeCause
  readonly record?: FoundRecord
  /** From the last lines of the log. */
  readonly summary?: SummaryLine
  /** Proven: it waited for its `go` and never got it, so it did nothing. */
  readonly neverLetGo: boolean
  /** It said that another workload owns the attempt. */
  readonly claimLost: boolean
}

export type Observation = { readonly kind: 'running' } | EndObservation

/** What a workload wrote, by bytes. Bytes once there never change; more may come until its end. */
export interface LineSource {
  /** At most `maxBytes` from `offset`; empty at the end of what is there now, also while nothing is. */
  read(offset: number, maxBytes: number): Promise<Buffer>
  size(): Promise<number>
}

export interface ShownWorkload {
  readonly name: string
  /** Whose it is; read only when asked for. `undefined`: nothing of ours. */
  readonly identify: () => Promise<AttemptRef | undefined>
}

/** Errors are RetryableError RUNTIME_UNAVAILABLE: absence is never an error. */
export interface Observer {
  /** As `attempt.started` names them: which attempts are this watcher's. */
  readonly runtime: string
  readonly location: string
  /** Everything that the runtime shows, ended workloads included. */
  list(): Promise<readonly ShownWorkload[]>
  /** Reads the state of the one workload that `started` names. One look that says `ended` may err: look twice. */
  look(attempt: StartedAttempt): Promise<Observation>
  lines(attempt: StartedAttempt): LineSource
  /**
   * Lets go of what is left of a workload that has ended: its folder, its lines. Never while anything of it runs.
   * @returns whether nothing is left
   */
  remove(attempt: StartedAttempt): Promise<boolean>
  /** Calls back until disposed. Hints may be lost, and may be wrong. */
  hints(attempt: StartedAttempt, hints: WorkloadHints): Disposable
}

export interface WorkloadHints {
  /** Lines may have been written. */
  readonly onLines: () => void
  /** It may be about to end. */
  readonly onEnd: () => void
}
