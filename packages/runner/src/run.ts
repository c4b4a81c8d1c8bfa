/** What the steps of one attempt share. */
import type { AttemptFile, RunnerLineBody } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { RunnerEnvironment } from './config.ts'
import type { Ending } from './control/ending.ts'
import type { Saving } from './control/saving.ts'
import type { Observations } from './evidence/observations.ts'
import type { RunnerLog } from './lines/line-log.ts'
import type { Redaction } from './lines/redaction.ts'
import type { AgentAdapter, Executor, Tenancy, Workspace } from './ports.ts'
import type { StepRecorder } from './steps/step-recorder.ts'

/** A runner that was let go, before it has the workspace. */
export interface Claimant {
  readonly attempt: AttemptFile
  readonly launchFolder: string
  readonly spawn: string
  readonly workloadUid: string
  readonly environment: RunnerEnvironment
  readonly redaction: Redaction
  /** Values that git's own output must not show. */
  readonly secrets: readonly string[]
  readonly log: RunnerLog
  readonly observations: Observations
  /** Called with every line after the observations have seen it. */
  readonly listeners: Set<(body: RunnerLineBody) => void>
  readonly steps: StepRecorder
  readonly ending: Ending
  readonly clock: Clock
}

export interface Run extends Claimant {
  readonly tenancy: Tenancy
  readonly workspace: Workspace
  readonly executor: Executor
  readonly agent: AgentAdapter
  readonly saving: Saving
  /** Ends whatever of the attempt still runs besides this process: for when nothing of the runner's own does. */
  readonly endStrays: () => Promise<void>
}
