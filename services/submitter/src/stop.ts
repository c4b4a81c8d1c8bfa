import {
  attemptSubject,
  createEvent,
  type LedgerEvent,
  type Requester,
  type StopAnswer,
  type StopRequested,
} from '@orchestrator/shared/contracts'
import { cutToBytes, RetryableError } from '@orchestrator/shared/core'
import type { Decision, Ledger, SubjectHistory } from '@orchestrator/shared/nats'
import { type AttemptRow, phaseOf } from './view/rows.ts'

export interface StopRequest {
  readonly attempt: AttemptRow
  readonly requestedBy: Requester
  readonly note: string | undefined
}

export interface StopDependencies {
  readonly ledger: Pick<Ledger, 'publish'>
  readonly broker: { readonly connected: boolean }
  readonly now: () => Date
  readonly newEventId: () => string
}

/**
 * Asks to stop an attempt, at most once: a second request is answered with the first, one for an ended attempt with
 * its end.
 * @throws RetryableError BROKER_UNAVAILABLE
 */
export type Stop = (request: StopRequest, signal: AbortSignal) => Promise<StopAnswer>

export function createStop({ ledger, broker, now, newEventId }: StopDependencies): Stop {
  return async (request, signal) => {
    if (!broker.connected) {
      throw new RetryableError('BROKER_UNAVAILABLE', 'the broker is not connected, so nothing can be asked', {
        retryAfterMs: 1000,
      })
    }
    const { service, tag, taskId, n } = request.attempt.submitted.attempt
    const eventId = newEventId()
    const published = await ledger.publish({
      subject: attemptSubject({ service, tag, taskId, n }),
      eventId,
      decide: (history) => decideStop(request, history, stopEvent(request, { id: eventId, time: now() })),
      signal,
    })
    return published.kind === 'settled' ? published.value : accepted(request.attempt, published.stored.seq)
  }
}

function stopEvent(
  { attempt, requestedBy, note }: StopRequest,
  { id, time }: { id: string; time: Date },
): StopRequested {
  const { name } = attempt.submitted.attempt
  const data = { name, requestedBy, ...(note === undefined ? {} : { note: cutToBytes(note, NOTE_MAX_BYTES) }) }
  return createEvent({ id, type: 'task.stopRequested', source: 'submitter', subject: name, time, data })
}

const NOTE_MAX_BYTES = 1024

/** Pure: nothing follows the end of an attempt, and one request to stop is enough. */
function decideStop({ attempt }: StopRequest, history: SubjectHistory, event: LedgerEvent): Decision<StopAnswer> {
  const { name, branch, workspace } = attempt.submitted.attempt
  const ended = history.events.findLast((stored) => stored.event.type === 'attempt.finished')
  if (ended?.event.type === 'attempt.finished') {
    const { phase, result } = ended.event.data
    const sha = result?.pushedSha ?? null
    const saved = sha === null ? 'Nothing was pushed by it' : `Its work is pushed: ${sha.slice(0, 12)} on ${branch}`
    const message = `${name} had already ended: ${phase}. ${saved}; ${workspace} is kept.`
    return settled({ attempt: name, phase, message, sequence: ended.seq })
  }
  const asked = history.events.find((stored) => stored.event.type === 'task.stopRequested')
  if (asked?.event.type === 'task.stopRequested') {
    const { door, caller } = asked.event.data.requestedBy
    const message = `A stop was asked before, at ${asked.time.toISOString()} by ${caller} (${door}): it is being carried out.`
    return settled({ attempt: name, phase: phaseOf(attempt), message, sequence: asked.seq })
  }
  return { kind: 'publish', event, expectedSeq: history.lastSeq }
}

function settled(answer: Omit<StopAnswer, 'accepted'>): Decision<StopAnswer> {
  return { kind: 'settled', value: { ...answer, accepted: false } }
}

function accepted(attempt: AttemptRow, sequence: number): StopAnswer {
  const { name, branch, workspace } = attempt.submitted.attempt
  const saved =
    attempt.started_seq === null
      ? 'It has not started, so nothing will be touched.'
      : `Its work so far is committed and pushed to ${branch} before it ends; ${workspace} is kept.`
  const message = `Asked ${name} to stop. ${saved} To go on later, retry the task with guidance.`
  return { attempt: name, phase: phaseOf(attempt), accepted: true, message, sequence }
}
