/** What the launcher says in the ledger. Each is decided again from the subject itself after every refusal. */
import {
  type AttemptRef,
  type AttemptSpec,
  attemptSubject,
  createEvent,
  type Grant,
  type LedgerEvent,
  newEventId,
  normaliseRepositoryUrl,
  type QueueEntry,
} from '@orchestrator/shared/contracts'
import { type Clock, cutToBytes } from '@orchestrator/shared/core'
import type { Decision, Ledger, SubjectHistory } from '@orchestrator/shared/nats'
import { type AttemptHistory, readAttempt } from '../memory/attempt-history.ts'
import type { LedgerMemory } from '../memory/ledger-memory.ts'
import type { Runtime } from '../runtimes/port.ts'
import type { Verdict } from './next-step.ts'

export interface Publishing {
  readonly ledger: Ledger
  readonly memory: Pick<LedgerMemory, 'recall' | 'learn' | 'add'>
  readonly clock: Clock
}

const SOURCE = 'launcher'
/** Even if every character of it must be escaped in JSON, the event stays within its limit. */
const MESSAGE_MAX_BYTES = 1000

export interface Ending {
  readonly verdict: Verdict
  /** What the verdict is about: one that is `unstarted` has no end of ours once a `started` is there. */
  readonly of: 'unstarted' | 'started'
  readonly signal: AbortSignal
}

/** Ends an attempt that nobody else will end; where an end is there, nothing is said. */
export async function publishFinished(
  publishing: Publishing,
  entry: Pick<QueueEntry, 'service' | 'tag' | 'taskId' | 'n' | 'name' | 'submittedId'>,
  { verdict, of, signal }: Ending,
): Promise<void> {
  const { name, submittedId } = entry
  const data = {
    ...verdict,
    name,
    submittedId,
    message: cutToBytes(verdict.message, MESSAGE_MAX_BYTES),
    verified: false,
  }
  const event = createEvent({
    id: newEventId(),
    type: 'attempt.finished',
    source: SOURCE,
    subject: name,
    time: publishing.clock.now(),
    data,
  })
  const isLate = ({ started, finished }: AttemptHistory): boolean =>
    finished !== undefined || (of === 'unstarted' && started !== undefined)
  await publishUnless(publishing, { attempt: entry, event, isLate, signal })
}

export interface StartedClaim {
  readonly grant: Grant
  readonly spec: AttemptSpec
  readonly runtime: Pick<Runtime, 'kind' | 'location'>
  readonly workloadUid: string
  readonly signal: AbortSignal
}

/**
 * Says that the workload exists; nothing is said when the attempt was stopped, has ended, or has a workload already.
 * @returns whether it was said
 */
export async function publishStarted(publishing: Publishing, claim: StartedClaim): Promise<boolean> {
  const { grant, spec, runtime, workloadUid, signal } = claim
  const event = createEvent({
    id: newEventId(),
    type: 'attempt.started',
    source: SOURCE,
    subject: grant.name,
    time: publishing.clock.now(),
    data: {
      name: grant.name,
      submittedId: grant.submittedId,
      runtime: runtime.kind,
      location: runtime.location,
      workloadUid,
      epoch: grant.epoch,
      branch: spec.branch,
      repository: normaliseRepositoryUrl(spec.repository.url),
    },
  })
  const isLate = ({ started, stop, finished }: AttemptHistory): boolean =>
    started !== undefined || stop !== undefined || finished !== undefined
  return await publishUnless(publishing, { attempt: grant, event, isLate, signal })
}

interface Saying {
  readonly attempt: AttemptRef
  readonly event: LedgerEvent
  /** Something is there already that forbids the event. */
  readonly isLate: (history: AttemptHistory) => boolean
  readonly signal: AbortSignal
}

/** First on what is remembered of the subject, which a refusal corrects. */
async function publishUnless(
  { ledger, memory }: Publishing,
  { attempt, event, isLate, signal }: Saying,
): Promise<boolean> {
  const decide = (history: SubjectHistory): Decision<undefined> =>
    isLate(readAttempt(history))
      ? { kind: 'settled', value: undefined }
      : { kind: 'publish', event, expectedSeq: history.lastSeq }
  const known = memory.recall(attempt)
  const optimistic = known === undefined ? undefined : decide(known)
  const published = await ledger.publish({
    subject: attemptSubject(attempt),
    eventId: event.id,
    // A memory may be behind: what it forbids is forbidden, what it allows the broker checks.
    ...(optimistic === undefined ? {} : { optimistic }),
    decide: (history) => {
      memory.learn(history)
      return decide(history)
    },
    signal,
  })
  if (published.kind === 'stored') memory.add(published.stored)
  return published.kind === 'stored'
}
