/** Why an attempt is where it is: one list for API, metrics and messages. It only grows. */
import { z } from 'zod'

export const REASONS = [
  // Waiting
  'WaitingForWorkspace',
  'WaitingForSlot',
  'WorkspaceBusy',
  // Success
  'GatesPassed',
  'NotVerified',
  // What the agent did
  'NoChanges',
  'GateFailed',
  'AgentError',
  'AgentStalled',
  'AgentStuck',
  'ToolsDenied',
  'BudgetReached',
  'TurnsReached',
  'DeadlineExceeded',
  // What surrounds it
  'ToolsUnavailable',
  'AuthFailed',
  'RepositoryUnavailable',
  'DocsMissing',
  'WorkspaceConflict',
  'DiskFull',
  'ConfigurationInvalid',
  'PushRejected',
  'RunnerError',
  // What the runtime did
  'OOMKilled',
  'Evicted',
  'ImagePullFailed',
  'Unschedulable',
  'WorkloadLost',
  'LaunchFailed',
  // People and the ledger
  'StopRequested',
  'Undeliverable',
  'Other',
] as const

export const Reason = z.enum(REASONS)
export type Reason = z.infer<typeof Reason>

/** A reason from a newer release is read as `Other`, its text kept. */
export function readReason(text: string): { readonly reason: Reason; readonly otherReason?: string } {
  const known = Reason.safeParse(text)
  return known.success ? { reason: known.data } : { reason: 'Other', otherReason: text }
}
