import type { QueueEntry, WorkspaceDocument } from '@orchestrator/shared/contracts'
import type { DocumentEntry } from '@orchestrator/shared/nats'
import type { CapName } from './slots.ts'
import type { World } from './world.ts'

/** When to look again, and what is waited for. Nothing named: when something happens. */
export interface Rest {
  readonly lookAgainMs?: number
  readonly waitsFor?: CapName
}

export interface StepContext {
  readonly world: World
  /** The document that the step was decided on: what is written must replace exactly this. */
  readonly document: DocumentEntry<WorkspaceDocument>
  readonly signal: AbortSignal
}

/** Writes the next document in place of the one read; whoever was faster is noticed by the revision. */
export async function write({ world, document }: StepContext, next: WorkspaceDocument): Promise<undefined> {
  await world.workspaces.update(document.key, next, document.revision)
}

/** Nothing more is said or tried for this attempt. */
export function forget(
  { progress, launches, patience }: World,
  { submittedId }: Pick<QueueEntry, 'submittedId'>,
): void {
  progress.forget(submittedId)
  launches.forget(submittedId)
  patience.forget(submittedId)
}
