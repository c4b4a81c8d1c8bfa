/** What the ledger says of one attempt, from the events of its subject. */
import type { AttemptFinished, AttemptStarted, LedgerEvent, StopRequested } from '@orchestrator/shared/contracts'
import type { StoredEvent, SubjectHistory } from '@orchestrator/shared/nats'

export interface AttemptHistory {
  readonly stop: StopRequested | undefined
  readonly started: AttemptStarted | undefined
  readonly finished: AttemptFinished | undefined
}

export function readAttempt({ events }: Pick<SubjectHistory, 'events'>): AttemptHistory {
  return {
    stop: eventsOf(events, 'task.stopRequested')[0]?.event,
    started: eventsOf(events, 'attempt.started')[0]?.event,
    finished: eventsOf(events, 'attempt.finished')[0]?.event,
  }
}

type EventOf<T extends LedgerEvent['type']> = Extract<LedgerEvent, { type: T }>

/** The events of one type, in their order. */
export function eventsOf<T extends LedgerEvent['type']>(
  events: readonly StoredEvent<LedgerEvent>[],
  type: T,
): readonly StoredEvent<EventOf<T>>[] {
  return events.filter((stored): stored is StoredEvent<EventOf<T>> => stored.event.type === type)
}
