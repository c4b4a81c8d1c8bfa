import {
  type AttemptFinished,
  type AttemptRef,
  attemptSubject,
  type OrchestratorEvent,
  parseSubject,
} from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Delivery, Handler, ReplayHandler, StoredEvent } from '@orchestrator/shared/nats'
import { readAttempt } from './memory/attempt-history.ts'
import type { LedgerMemory } from './memory/ledger-memory.ts'
import type { Wakes } from './queue/wakes.ts'
import { type NoteDependencies, noteAttempt, noteSubmission } from './reconcile/note-attempt.ts'
import { publishFinished, type Publishing } from './reconcile/publish.ts'

export interface MessageDependencies extends NoteDependencies {
  readonly memory: NoteDependencies['memory'] & Pick<LedgerMemory, 'hear'>
  readonly wakes: Pick<Wakes, 'wake'>
}

/** As long as a submission counts as one that nobody has said anything of. */
const NEW_FOR_MS = 60_000

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
  return async (delivery) => {
    const { stored } = delivery
    dependencies.memory.hear(stored)
    await noteMessage(dependencies, delivery)
    if (concernsWorkspace(stored.event)) dependencies.wakes.wake(serviceOf(stored))
  }
}

/** As any message, unless the attempt that it is about has ended: then nothing is left to do. */
export function createReplayHandler(dependencies: MessageDependencies): ReplayHandler {
  const handle = createMessageHandler(dependencies)
  return async (delivery) => {
    const { stored, signal } = delivery
    const attempt = attemptOf(stored)
    if (attempt !== undefined) {
      const { finished } = readAttempt(await dependencies.ledger.read(attemptSubject(attempt), signal))
      if (finished !== undefined) return { kind: 'obsolete', text: hasEnded(finished) }
    }
    await handle(delivery)
    return { kind: 'handled' }
  }
}

function hasEnded({ data: { name, phase, reason } }: AttemptFinished): string {
  return `${name} has ended: ${phase} (${reason}). Submit the task again to go on`
}

function concernsWorkspace({ type }: OrchestratorEvent): boolean {
  return type !== 'attempt.started' && type !== 'attempt.progressed'
}

/** The attempt that a message wants something of. */
function attemptOf({ event, subject }: StoredEvent): AttemptRef | undefined {
  if (event.type === 'task.submitted') return event.data.attempt
  const ref = parseSubject(subject)
  return event.type === 'task.stopRequested' && ref?.kind === 'attempt' ? { ...ref.task, n: ref.n } : undefined
}

async function noteMessage(dependencies: MessageDependencies, delivery: Delivery): Promise<void> {
  const { stored, signal } = delivery
  const { seq, event } = stored
  if (event.type === 'task.submitted') {
    const submission = { seq, event, isNew: isNew(dependencies.clock, delivery) }
    return await noteSubmission(dependencies, submission, signal)
  }
  const attempt = attemptOf(stored)
  if (attempt !== undefined) await noteAttempt(dependencies, attempt, signal)
}

/** It cannot have been handled before, and a wrong clock costs no more than a refusal. */
function isNew(clock: Clock, { stored, tries }: Delivery): boolean {
  return tries === 1 && clock.now().getTime() - stored.time.getTime() < NEW_FOR_MS
}

/** An attempt whose submission cannot be handled would wait for ever: it ends instead. */
export function createDeadLetterHandler(publishing: Publishing): (delivery: Delivery, error: unknown) => Promise<void> {
  return async ({ stored: { event }, tries, signal }) => {
    if (event.type !== 'task.submitted') return
    const { attempt } = event.data
    const times = tries === 1 ? 'once' : `${tries} times`
    const message = `The launcher tried ${times} to take it up and gave up. "deadletters list --durable launcher" names the cause: remove it, then submit the task again.`
    await publishFinished(
      publishing,
      { ...attempt, submittedId: event.id },
      { verdict: { phase: 'Failed', reason: 'Undeliverable', message }, of: 'unstarted', signal },
    )
  }
}
