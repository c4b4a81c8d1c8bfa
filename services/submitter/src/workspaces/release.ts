import {
  type AttemptName,
  type AttemptRef,
  attemptSubject,
  createEvent,
  type Grant,
  type ReleaseAnswer,
  type Requester,
  type ServiceName,
  type WorkspaceDocument,
  workspaceName,
  type WorkspaceReleased,
  workspaceSubject,
} from '@orchestrator/shared/contracts'
import { cutToBytes, RetryableError } from '@orchestrator/shared/core'
import type { Documents, Ledger } from '@orchestrator/shared/nats'
import { judgeRelease, notHeld } from './release-verdict.ts'
import { findRelease, readStarted, type StoredRelease, toReleaseView } from './workspace-history.ts'

export interface ReleaseRequest {
  readonly service: ServiceName
  /** Of this service. */
  readonly attempt: (AttemptRef & { readonly name: AttemptName }) | undefined
  readonly workloadUid: string | undefined
  /** Then it need not have ended: the launcher ends it as Unknown. */
  readonly isMachineGone: boolean
  readonly requestedBy: Requester
  readonly note: string | undefined
}

export interface ReleaseDependencies {
  readonly ledger: Pick<Ledger, 'publish' | 'read'>
  readonly workspaces: Pick<Documents<WorkspaceDocument>, 'get'>
  readonly broker: { readonly connected: boolean }
  readonly now: () => Date
  readonly newEventId: () => string
}

/**
 * Publishes a person's word that nothing of a workload runs any more, once for each workload: a second word is answered
 * with the first. Only an attempt that has ended, or whose machine is gone for good, and that still has its workspace can be
 * vouched for.
 * @throws TerminalError ATTEMPT_NOT_STARTED, ATTEMPT_NOT_FINISHED, NOTHING_TO_RELEASE; RetryableError BROKER_UNAVAILABLE
 */
export type Release = (request: ReleaseRequest, signal: AbortSignal) => Promise<ReleaseAnswer>

const NOTE_MAX_BYTES = 1024

interface Vouched {
  readonly attempt: AttemptName
  readonly workloadUid: string
}

export function createRelease(dependencies: ReleaseDependencies): Release {
  const { ledger, broker, now, newEventId } = dependencies

  const publish = async (request: ReleaseRequest, vouched: Vouched, signal: AbortSignal): Promise<ReleaseAnswer> => {
    const event = toEvent(request, vouched, { id: newEventId(), time: now() })
    const published = await ledger.publish<StoredRelease>({
      subject: workspaceSubject(request.service),
      eventId: event.id,
      decide: ({ events, lastSeq }) => {
        const first = findRelease(events, vouched.workloadUid)
        return first === undefined
          ? { kind: 'publish', event, expectedSeq: lastSeq }
          : { kind: 'settled', value: first }
      },
      signal,
    })
    if (published.kind === 'settled') return repeated(request.service, published.value)
    return accepted(request.service, { ...published.stored, event })
  }

  return async (request, signal) => {
    if (!broker.connected) {
      throw new RetryableError('BROKER_UNAVAILABLE', 'the broker is not connected, so nothing can be released', {
        retryAfterMs: 1000,
      })
    }
    const found = await findVouched(dependencies, request, signal)
    return 'seq' in found ? repeated(request.service, found) : await publish(request, found, signal)
  }
}

/** @returns what may be vouched for, or the word that was given before */
async function findVouched(
  { ledger, workspaces }: ReleaseDependencies,
  { service, attempt, workloadUid, isMachineGone }: ReleaseRequest,
  signal: AbortSignal,
): Promise<Vouched | StoredRelease> {
  const { events: words } = await ledger.read(workspaceSubject(service), signal)
  const before = workloadUid === undefined ? undefined : findRelease(words, workloadUid)
  // Without a name the word itself must do: its attempt may be long past.
  if (before !== undefined && attempt === undefined) return before
  const grant = (await workspaces.get(service))?.value.grant ?? null
  const named = attempt ?? namedBy(grant)
  if (named === undefined) throw notHeld({ service, workloadUid, grant })
  const { started, finished } = readStarted((await ledger.read(attemptSubject(named), signal)).events)
  const uid = started?.data.workloadUid
  const first = uid === undefined ? undefined : findRelease(words, uid)
  const isAsked = workloadUid === undefined || workloadUid === uid
  if (first !== undefined && isAsked) return first
  const isFinished = finished !== undefined
  const location = started?.data.location
  return judgeRelease({ service, name: named.name, workloadUid, uid, location, isFinished, isMachineGone, grant })
}

function namedBy(grant: Grant | null): (AttemptRef & { readonly name: AttemptName }) | undefined {
  return grant ?? undefined
}

function toEvent(
  { service, requestedBy, note }: ReleaseRequest,
  { attempt, workloadUid }: Vouched,
  { id, time }: { readonly id: string; readonly time: Date },
): WorkspaceReleased {
  const workspace = workspaceName(service)
  const said = note === undefined ? {} : { note: cutToBytes(note, NOTE_MAX_BYTES) }
  const data = { workspace, workloadUid, name: attempt, requestedBy, ...said }
  return createEvent({ id, type: 'workspace.released', source: 'submitter', subject: workspace, time, data })
}

function accepted(service: ServiceName, stored: StoredRelease): ReleaseAnswer {
  const { name = 'it', workspace } = stored.event.data
  const message = `You have vouched that nothing of ${name} runs any more: ${workspace} goes to the next attempt.`
  return toAnswer(service, stored, { accepted: true, message })
}

function repeated(service: ServiceName, stored: StoredRelease): ReleaseAnswer {
  const { workloadUid, requestedBy } = stored.event.data
  const message = `${requestedBy.caller} (${requestedBy.door}) vouched for workload ${workloadUid} before, at ${stored.time.toISOString()}.`
  return toAnswer(service, stored, { accepted: false, message })
}

function toAnswer(
  service: ServiceName,
  stored: StoredRelease,
  said: Pick<ReleaseAnswer, 'accepted' | 'message'>,
): ReleaseAnswer {
  const { workspace, name = null } = stored.event.data
  return { service, workspace, attempt: name, ...said, ...toReleaseView(stored) }
}
