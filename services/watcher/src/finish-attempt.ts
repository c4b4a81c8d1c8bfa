import { type AttemptFinished, newEventId } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Decision, Ledger, SubjectHistory } from '@orchestrator/shared/nats'
import type { LogCounts } from './logs/batch-plan.ts'
import type { EndObservation } from './observers/port.ts'
import { readHistory, type StartedAttempt } from './started-attempt.ts'
import { finishedEvent } from './summary.ts'
import { judge } from './verdict.ts'

export interface Finishing {
  readonly attempt: StartedAttempt
  readonly observation: EndObservation
  readonly confirmed: boolean
  readonly logs: LogCounts | undefined
  readonly signal: AbortSignal
}

export type Finish =
  | { readonly kind: 'published'; readonly verdict: Pick<AttemptFinished['data'], 'phase' | 'reason'> }
  /** Somebody's verdict is there already. */
  | { readonly kind: 'finished' }
  /** Nothing can be said before another look. */
  | { readonly kind: 'early' }

/**
 * Publishes the verdict, once ever: expecting what was just read of the attempt's subject, and never after a
 * `finished`. A stop counts when it is on the subject by then.
 */
export async function finishAttempt(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  finishing: Finishing,
): Promise<Finish> {
  const { attempt, observation, confirmed, logs, signal } = finishing
  const id = newEventId()
  let event: AttemptFinished | undefined
  const decide = (history: SubjectHistory): Decision<Finish> => {
    const { stopRequested, finished } = readHistory(history)
    if (finished !== undefined) return { kind: 'settled', value: { kind: 'finished' } }
    const restored = ledger.generation > attempt.generation
    const verdict = judge({ attempt, observation, stopRequested, confirmed, restored })
    if (verdict === undefined) return { kind: 'settled', value: { kind: 'early' } }
    event = finishedEvent({ id, time: clock.now(), attempt, verdict, ...(logs === undefined ? {} : { logs }) })
    return { kind: 'publish', event, expectedSeq: history.lastSeq }
  }
  // Mostly nothing has come after `started`; a stop that has refuses this and is then read.
  const optimistic = decide({ subject: attempt.subject, events: [], lastSeq: attempt.sequence })
  const published = await ledger.publish({ subject: attempt.subject, eventId: id, optimistic, decide, signal })
  if (published.kind === 'settled') return published.value
  if (event === undefined) return { kind: 'finished' }
  const { phase, reason } = event.data
  return { kind: 'published', verdict: { phase, reason } }
}
