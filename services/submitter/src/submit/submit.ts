import {
  type AttemptSpec,
  createEvent,
  type Requester,
  type Settings,
  type SubmitAnswer,
  taskKey,
  taskSubject,
  type TaskSubmitted,
} from '@orchestrator/shared/contracts'
import { hasCode, type KeyedQueue, RetryableError, TerminalError } from '@orchestrator/shared/core'
import type { Decision, Ledger, StoredEvent } from '@orchestrator/shared/nats'
import { admit, type AdmissionRequest } from '../admission/admit.ts'
import { type AttemptRow } from '../view/rows.ts'
import type { View } from '../view/view.ts'
import { type AnswerFacts, toSubmitAnswer } from './answer.ts'
import { InvalidInput } from './faults.ts'
import type { LedgerRoom } from './ledger-room.ts'
import type { RecentBranches, Taken } from './recent-branches.ts'
import { admissionFacts, answerFacts, branchOf, repeatedFacts } from './submit-facts.ts'

export interface SubmitRequest extends AdmissionRequest {
  /** A retry by name answers an attempt, so one must be there. */
  readonly isRetry: boolean
  /** Number or name of the attempt that it answers. */
  readonly previous: number | string | undefined
  readonly requestedBy: Requester
  /** Scoped by door and caller. */
  readonly idempotencyKey: string | undefined
  readonly requestHash: string
}

export interface SubmitDependencies {
  readonly settings: Settings
  readonly ledger: Pick<Ledger, 'publish'>
  readonly view: Pick<View, 'current' | 'readable' | 'queries' | 'waitFor' | 'catchUp'>
  readonly room: Pick<LedgerRoom, 'assertRoom'>
  readonly broker: { readonly connected: boolean }
  /** One submit of a task at a time, so that they do not refuse one another. */
  readonly queue: KeyedQueue
  readonly branches: RecentBranches
  readonly now: () => Date
  readonly newEventId: () => string
}

/**
 * Accepts an attempt with one conditional publish, decided from the view; reads only when that is refused.
 * @throws InvalidInput with every fault; TerminalError NOT_FOUND, PREVIOUS_NOT_LATEST, IDEMPOTENCY_KEY_REUSED;
 *   RetryableError BROKER_UNAVAILABLE, VIEW_NOT_READY, LEDGER_FULL
 */
export type Submit = (request: SubmitRequest, signal: AbortSignal) => Promise<SubmitAnswer>

/** A decision, and what its answer will say beyond the event. */
interface Decided {
  readonly decision: Decision<SubmitAnswer>
  readonly accepting?: { readonly facts: AnswerFacts; readonly spec: AttemptSpec }
}

export function createSubmit(dependencies: SubmitDependencies): Submit {
  const { ledger, view, queue, branches, newEventId } = dependencies

  const submit = async (request: SubmitRequest, signal: AbortSignal): Promise<SubmitAnswer> => {
    assertOpen(dependencies)
    const eventId = newEventId()
    const holding = holdBranch(branches)
    try {
      const first = await decideSurely(dependencies, { request, eventId }, signal)
      if (first.decision.kind === 'settled') return first.decision.value
      const published = await ledger.publish({
        subject: taskSubject(request.task),
        eventId,
        optimistic: holding.hold(first),
        decide: async ({ lastSeq }) => {
          await view.waitFor(lastSeq, signal)
          // One that is being made anew has this task, but perhaps not yet the key, or the branch, of another.
          if (!view.readable) throw notReady()
          return holding.hold(decide(dependencies, { request, eventId, lastSeq }))
        },
        signal,
      })
      return published.kind === 'settled' ? published.value : holding.stored(published.stored)
    } finally {
      holding.end()
    }
  }
  return (request, signal) => queue.run(taskKey(request.task), () => submit(request, signal))
}

interface HeldBranch {
  /** Holds the branch that was decided last. */
  hold(decided: Decided): Decision<SubmitAnswer>
  /** The answer about what was decided last, now that it is stored. */
  stored(stored: StoredEvent): SubmitAnswer
  /** Gives back what was not stored. */
  end(): void
}

function holdBranch(branches: RecentBranches): HeldBranch {
  let last: Decided['accepting']
  let taken: Taken | undefined
  const end = (): void => {
    taken?.release()
    taken = undefined
  }
  return {
    hold: ({ decision, accepting }) => {
      end()
      last = accepting
      if (accepting !== undefined) taken = branches.take(branchOf(accepting.spec), accepting.spec)
      return decision
    },
    stored: ({ event, seq }) => {
      if (event.type !== 'task.submitted' || last === undefined) throw new Error('stored is not what was published')
      taken?.stored(seq)
      taken = undefined
      return toSubmitAnswer(event.data, seq, last.facts)
    },
    end,
  }
}

function assertOpen({ broker, view, room }: SubmitDependencies): void {
  if (!broker.connected) {
    throw new RetryableError('BROKER_UNAVAILABLE', 'the broker is not connected, so nothing can be accepted', {
      retryAfterMs: 1000,
    })
  }
  if (!view.current) {
    throw notReady()
  }
  room.assertRoom()
}

function notReady(): RetryableError {
  return new RetryableError('VIEW_NOT_READY', 'the view is being filled from the ledger', { retryAfterMs: 1000 })
}

interface Deciding {
  readonly request: SubmitRequest
  readonly eventId: string
  /** Last sequence of the task's subject, where it was read. */
  readonly lastSeq?: number
}

/** A view that lags may refuse what is right: nothing is refused before it has all that the ledger holds. */
async function decideSurely(
  dependencies: SubmitDependencies,
  deciding: Deciding,
  signal: AbortSignal,
): Promise<Decided> {
  try {
    return decide(dependencies, deciding)
  } catch (error) {
    if (!(error instanceof TerminalError) || hasCode(error, 'IDEMPOTENCY_KEY_REUSED')) throw error
    await dependencies.view.catchUp(signal)
    return decide(dependencies, deciding)
  }
}

function decide(
  { settings, view, branches, now }: SubmitDependencies,
  { request, eventId, lastSeq }: Deciding,
): Decided {
  const { queries } = view
  const repeated = findRepeated(request, queries)
  if (repeated !== undefined) {
    const value = toSubmitAnswer(repeated.submitted, repeated.submitted_seq, repeatedFacts(queries, repeated))
    return { decision: { kind: 'settled', value } }
  }
  const latest = queries.latestOfTask(request.task)
  const expectedSeq = latest?.submitted_seq ?? 0
  if (lastSeq !== undefined && lastSeq > expectedSeq) {
    throw new RetryableError(
      'EVENT_TOO_NEW',
      `a newer release has written to task ${taskKey(request.task)}: ask one of its replicas`,
    )
  }
  assertPrevious(request, latest)
  const facts = admissionFacts(queries, branches, { task: request.task, latest })
  const admission = admit(request, facts, settings)
  if (admission.kind === 'refused') throw new InvalidInput(admission.faults)
  const data = submittedData(request, admission, latest)
  const event = createEvent({
    id: eventId,
    type: 'task.submitted',
    source: 'submitter',
    subject: data.attempt.name,
    time: now(),
    data,
  })
  const accepting = { facts: answerFacts(queries, facts, admission), spec: admission.spec }
  return { decision: { kind: 'publish', event, expectedSeq }, accepting }
}

function findRepeated(
  { idempotencyKey, requestHash }: SubmitRequest,
  queries: Pick<View['queries'], 'attemptByKey'>,
): AttemptRow | undefined {
  if (idempotencyKey === undefined) return undefined
  const earlier = queries.attemptByKey(idempotencyKey)
  if (earlier === undefined || earlier.submitted.requestHash === requestHash) return earlier
  const attempt = earlier.submitted.attempt.name
  throw new TerminalError(
    'IDEMPOTENCY_KEY_REUSED',
    `this idempotency key belongs to another request, which made ${attempt}: use a new key`,
    {
      details: { attempt },
    },
  )
}

function assertPrevious({ task, isRetry, previous }: SubmitRequest, latest: AttemptRow | undefined): void {
  if (latest === undefined) {
    if (!isRetry && previous === undefined) return
    const message = `task ${taskKey(task)} has no attempt to answer: submit it first (POST /v1/tasks)`
    throw new TerminalError('NOT_FOUND', message)
  }
  const { n, name } = latest.submitted.attempt
  if (previous === undefined || previous === n || previous === name) return
  const message = `attempt ${previous} is not the latest of task ${taskKey(task)}: the latest is ${name}, so look at that one first`
  throw new TerminalError('PREVIOUS_NOT_LATEST', message, { details: { latest: { n, name } } })
}

function submittedData(
  { requestedBy, requestHash, idempotencyKey }: SubmitRequest,
  { spec, sources }: Pick<TaskSubmitted['data'], 'sources'> & { readonly spec: TaskSubmitted['data']['attempt'] },
  latest: AttemptRow | undefined,
): TaskSubmitted['data'] {
  const previous = latest?.submitted.attempt
  return {
    attempt: spec,
    sources,
    requestedBy,
    requestHash,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(previous === undefined ? {} : { previous: { n: previous.n, name: previous.name } }),
  }
}
