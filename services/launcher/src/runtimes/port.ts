import type { AttemptFile } from '@orchestrator/shared/contracts'

/** Which attempt a workload is of. `submittedId` makes it ours, never the name alone. */
export interface WorkloadRef {
  readonly name: string
  readonly submittedId: string
  /** Of its epoch: from 2 on it is part of the names of workloads. */
  readonly generation: number
}

export type WorkloadState =
  /** It exists and waits: it has done nothing yet. */
  | { readonly kind: 'held' }
  /** It was let go `ageMs` ago, or a little less; measured by a clock that never jumps. */
  | { readonly kind: 'running'; readonly ageMs: number }
  | { readonly kind: 'gone' }

export interface LaunchOrder {
  readonly attempt: AttemptFile
  /** Base name of each rendered text → its content. */
  readonly texts: Readonly<Record<string, string>>
}

export interface StopOrder {
  readonly workloadUid: string
  /** Who asked, for the workload's own record. */
  readonly requestedBy: string
  /** `deadline`: it has outlived its limit; workload and watcher then give that as the cause. */
  readonly cause: 'requested' | 'deadline'
}

/**
 * Where workloads live. Every call may be repeated, and made by several replicas at once: names are deterministic and a
 * second call finds what the first one did. Errors are RetryableError RUNTIME_UNAVAILABLE unless said otherwise.
 */
export interface Runtime {
  /** `process` or `kubernetes`, as `attempt.started` names it. */
  readonly kind: string
  /** Machine or cluster id. */
  readonly location: string
  /** Absolute path of a workspace as its runner sees it. */
  workspaceDirectory(workspace: string): string
  /** A live held workload of this attempt, not let go yet; always the same one of several. */
  findHeld(ref: WorkloadRef): Promise<string | undefined>
  /** Makes a workload that waits for {@link letGo}; a live one that waits already is taken instead. @returns its uid */
  launchHeld(order: LaunchOrder, signal: AbortSignal): Promise<string>
  /** Only after `attempt.started` with this uid is in the ledger. Workloads of the attempt that it does not name end by themselves. */
  letGo(ref: WorkloadRef, workloadUid: string): Promise<void>
  state(ref: WorkloadRef, workloadUid: string): Promise<WorkloadState>
  /**
   * Takes the next due measure to end everything of the attempt: ask, then, each after its grace, two that are harder.
   * @returns when to call again; 0 when nothing of it is left
   */
  stop(ref: WorkloadRef, order: StopOrder): Promise<number>
  /** Proof that nothing of the attempt runs any more. */
  released(ref: WorkloadRef, workloadUid: string): Promise<boolean>
  /** Ends everything of an attempt that has no `started`, and its files. Returns once that is confirmed. */
  remove(ref: WorkloadRef): Promise<void>
  /** Attempts of which something waits, or was left behind before it was let go. */
  listUnstarted(): Promise<readonly UnstartedWorkload[]>
  /** Ends one held workload, if it is still that one; others of its attempt stay. */
  discard(ref: WorkloadRef, workloadUid: string): Promise<void>
}

/** What a sweep judges: the order as it was written, and the workloads that wait with it. */
export interface UnstartedWorkload extends WorkloadRef {
  readonly attempt: AttemptFile
  readonly heldUids: readonly string[]
}
