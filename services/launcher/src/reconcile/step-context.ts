import type { QueueEntry, WorkspaceDocument } from '@orchestrator/shared/contracts'
import type { DocumentEntry } from '@orchestrator/shared/nats'
import type { CapName } from '../queue/slots.ts'
import type { World } from '../world.ts'
import type { Pass } from './pass.ts'

/** When to look again, and what is waited for. Nothing named: when something happens. */
export interface Rest {
  readonly lookAgainMs?: number
  readonly waitsFor?: CapName
}

export type Document = DocumentEntry<WorkspaceDocument>

/** What a step ends with: a rest, or the document that the next step is decided on. */
export type StepEnd =
  | { readonly kind: 'rest'; readonly rest: Rest }
  | { readonly kind: 'goOn'; readonly document: Document }
  /** Somebody else was faster: the document has to be read again. */
  | { readonly kind: 'lost' }

export const LOST: StepEnd = { kind: 'lost' }

export interface StepContext {
  readonly world: World
  readonly pass: Pass
  /** The document that the step was decided on: what is written must replace exactly this. */
  readonly document: Document
  /** Read or written in this pass, else remembered: from a moment ago, or older. */
  readonly basis: 'read' | 'recent' | 'old'
  readonly signal: AbortSignal
}

/** Writes the next document in place of the one read; whoever was faster is noticed by the revision. */
export async function write({ world, document }: StepContext, next: WorkspaceDocument): Promise<StepEnd> {
  const revision = await world.workspaces.update(document.key, next, document.revision)
  return goOn({ ...document, value: next, revision })
}

export function goOn(document: Document): StepEnd {
  return { kind: 'goOn', document }
}

export function rest(until: Rest): StepEnd {
  return { kind: 'rest', rest: until }
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
