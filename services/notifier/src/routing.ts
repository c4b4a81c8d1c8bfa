import { type LedgerEvent, type OrchestratorEvent, parseSubject, type TaskRef } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'

/** Subjects of what is told; what happens to a workspace is not. */
export const TOLD_SUBJECTS = ['task.*.*.*', 'attempt.*.*.*.*'] as const

export interface TaskEvent {
  readonly task: TaskRef
  readonly stored: StoredEvent<LedgerEvent>
}

/** The task that an event is told of; `undefined` for what is nobody's news. */
export function toTaskEvent(stored: StoredEvent): TaskEvent | undefined {
  const subject = parseSubject(stored.subject)
  if (subject?.kind !== 'task' && subject?.kind !== 'attempt') return undefined
  const { event } = stored
  return isLedgerEvent(event) ? { task: subject.task, stored: { ...stored, event } } : undefined
}

/** Messages of one task are handled one after the other. */
export function taskOfSubject(stored: StoredEvent): string {
  const subject = parseSubject(stored.subject)
  return subject === undefined || !('task' in subject) ? stored.subject : Object.values(subject.task).join('/')
}

function isLedgerEvent(event: OrchestratorEvent): event is LedgerEvent {
  return event.type !== 'attempt.progressed'
}
