import { type OrchestratorEvent, parseSubject } from '@orchestrator/shared/contracts'
import type { Delivery, Handler, StoredEvent } from '@orchestrator/shared/nats'
import { type NoteDependencies, noteAttempt, noteSubmission } from './note-attempt.ts'
import { publishFinished, type Publishing } from './publish.ts'
import type { Wakes } from './wakes.ts'

export interface MessageDependencies extends NoteDependencies {
  readonly wakes: Pick<Wakes, 'wake'>
}

/** Messages of one service are handled one after the other: they change one document. */
export function serviceOf({ subject }: Pick<StoredEvent, 'subject'>): string {
  const ref = parseSubject(subject)
  if (ref === undefined) return subject
  return ref.kind === 'workspace' ? ref.service : ref.task.service
}

/**
 * A message only says which workspace to look at. It is settled once its attempt is in the document, or its stop marked
 * there; the look itself may fail, be cut, or be taken over by a timer.
 */
export function createMessageHandler(dependencies: MessageDependencies): Handler {
  return async ({ stored, signal }) => {
    await noteMessage(dependencies, stored, signal)
    if (concernsWorkspace(stored.event)) dependencies.wakes.wake(serviceOf(stored))
  }
}

function concernsWorkspace({ type }: OrchestratorEvent): boolean {
  return type !== 'attempt.started' && type !== 'attempt.progressed'
}

async function noteMessage(
  dependencies: NoteDependencies,
  { seq, event, subject }: StoredEvent,
  signal: AbortSignal,
): Promise<void> {
  if (event.type === 'task.submitted') return await noteSubmission(dependencies, { seq, event }, signal)
  const ref = parseSubject(subject)
  if (event.type === 'task.stopRequested' && ref?.kind === 'attempt')
    await noteAttempt(dependencies, { ...ref.task, n: ref.n }, signal)
}

/** An attempt whose submission cannot be handled would wait for ever: it ends instead. */
export function createDeadLetterHandler(publishing: Publishing): (delivery: Delivery, error: unknown) => Promise<void> {
  return async ({ stored: { event }, tries, signal }) => {
    if (event.type !== 'task.submitted') return
    const { attempt } = event.data
    const message = `The launcher could not take it up in ${tries} tries. See "deadletters" for the cause; submit again once it is removed.`
    await publishFinished(
      publishing,
      { ...attempt, submittedId: event.id },
      { verdict: { phase: 'Failed', reason: 'Undeliverable', message }, signal },
    )
  }
}
