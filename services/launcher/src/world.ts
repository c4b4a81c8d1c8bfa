import type { SlotDocument } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Documents, Ledger } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { BranchClaims } from './branch-claim.ts'
import type { LaunchTries } from './launch-tries.ts'
import type { LedgerMemory } from './ledger-memory.ts'
import type { Patience } from './patience.ts'
import type { LaunchPreparation } from './prepare-launch.ts'
import type { ProgressReporter } from './progress-reporter.ts'
import type { Runtime } from './runtimes/port.ts'
import type { WorkspaceMemory } from './workspace-memory.ts'

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
