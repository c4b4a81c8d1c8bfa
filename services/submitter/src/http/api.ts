import type { Clock } from '@orchestrator/shared/core'
import type { Broker, DeadLetters, Ledger, Logs } from '@orchestrator/shared/nats'
import type { Health, Logger } from '@orchestrator/shared/service'
import type { HealthSurvey } from '../health-survey.ts'
import type { LogArchive } from '../logs/log-archive.ts'
import type { Rebuild } from '../rebuild.ts'
import type { Stop } from '../stop.ts'
import type { Submit } from '../submit/submit.ts'
import type { Tokens } from '../tokens/tokens.ts'
import type { View } from '../view/view.ts'
import type { Release } from '../workspaces/release.ts'
import type { Workspaces } from '../workspaces/workspaces.ts'

/** What the routes answer from. */
export interface Api {
  readonly view: View
  readonly submit: Submit
  readonly stop: Stop
  readonly release: Release
  readonly tokens: Tokens
  readonly workspaces: Workspaces
  readonly rebuild: Pick<Rebuild, 'order' | 'status'>
  readonly ledger: Pick<Ledger, 'generation' | 'lastSeq' | 'follow'>
  readonly logs: Pick<Logs, 'read'>
  readonly archive: LogArchive
  readonly deadLetters: Pick<DeadLetters, 'list' | 'get' | 'message' | 'replay'>
  readonly broker: Pick<Broker, 'connected' | 'serverVersion'>
  readonly generation: () => number
  readonly health: () => Health
  /** Of all services. */
  readonly survey: HealthSurvey
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted first when the service stops: ends answers that have no end of their own. */
  readonly closing: AbortSignal
  /** Aborted when the service has drained, or should have. */
  readonly signal: AbortSignal
}
