import type { SlotDocument } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Documents, Ledger } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { BranchClaims } from './branch-claim.ts'
import type { LedgerMemory } from './memory/ledger-memory.ts'
import type { WorkspaceMemory } from './memory/workspace-memory.ts'
import type { Patience } from './progress/patience.ts'
import type { ProgressReporter } from './progress/progress-reporter.ts'
import type { LaunchTries } from './reconcile/launch-tries.ts'
import type { LaunchPreparation } from './reconcile/prepare-launch.ts'
import type { Runtime } from './runtimes/port.ts'

/** Everything that reconciling reads and changes. */
export interface World extends LaunchPreparation {
  readonly ledger: Ledger
  readonly memory: LedgerMemory
  readonly workspaces: WorkspaceMemory
  readonly slots: Documents<SlotDocument>
  readonly branches: BranchClaims
  readonly progress: ProgressReporter
  readonly runtime: Runtime
  readonly launches: LaunchTries
  readonly patience: Patience
  readonly clock: Clock
  readonly logger: Logger
  /** Told which slots are free again: others may wait for them. Best effort: the timer finds them too. */
  readonly onSlotsReturned: (keys: readonly string[]) => Promise<void>
  /** Looks at another workspace soon. */
  readonly wake: (service: string) => void
}
