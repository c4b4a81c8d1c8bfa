/** What the launcher says in the ledger. Each is decided again from the subject itself after every refusal. */
import {
  type AttemptSpec,
  attemptSubject,
  createEvent,
  type Grant,
  newEventId,
  normaliseRepositoryUrl,
  type QueueEntry,
} from '@orchestrator/shared/contracts'
import { type Clock, cutToBytes } from '@orchestrator/shared/core'
import type { Ledger } from '@orchestrator/shared/nats'
import { readAttempt } from './attempt-history.ts'
import type { Verdict } from './next-step.ts'
import type { Runtime } from './runtimes/port.ts'

export interface Publishing {
  readonly ledger: Ledger
  readonly clock: Clock
}

const SOURCE = 'launcher'
/** Even if every character of it must be escaped in JSON, the event stays within its limit. */
const MESSAGE_MAX_BYTES = 1000

/** Ends an attempt that has no `started`; where one is there, or an end, nothing is said. */
export async function publishFinished(
  { ledger, clock }: Publishing,
  entry: Pick<QueueEntry, 'service' | 'tag' | 'taskId' | 'n' | 'name' | 'submittedId'>,
  { verdict, signal }: { readonly verdict: Verdict; readonly signal: AbortSignal },
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
    time: clock.now(),
    data,
  })
  await ledger.publish({
    subject: attemptSubject(entry),
    eventId: event.id,
    decide: (history) => {
      const { started, finished } = readAttempt(history)
      if (started !== undefined || finished !== undefined) return { kind: 'settled', value: undefined }
      return { kind: 'publish', event, expectedSeq: history.lastSeq }
    },
    signal,
  })
}

export interface StartedClaim {
  readonly grant: Grant
  readonly spec: AttemptSpec
  readonly runtime: Pick<Runtime, 'kind' | 'location'>
  readonly workloadUid: string
  readonly signal: AbortSignal
}

/** Says that the workload exists; nothing is said when the attempt was stopped, has ended, or has a workload already. */
export async function publishStarted({ ledger, clock }: Publishing, claim: StartedClaim): Promise<void> {
  const { grant, spec, runtime, workloadUid, signal } = claim
  const event = createEvent({
    id: newEventId(),
    type: 'attempt.started',
    source: SOURCE,
    subject: grant.name,
    time: clock.now(),
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
  await ledger.publish({
    subject: attemptSubject(grant),
    eventId: event.id,
    decide: (history) => {
      const { started, stop, finished } = readAttempt(history)
      if (started !== undefined || stop !== undefined || finished !== undefined)
        return { kind: 'settled', value: undefined }
      return { kind: 'publish', event, expectedSeq: history.lastSeq }
    },
    signal,
  })
}
