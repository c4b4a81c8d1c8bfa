/** What the ledger says of a workspace and of the attempt that has it. Pure. */
import type {
  AttemptFinished,
  AttemptStarted,
  LedgerEvent,
  ReleaseView,
  WorkspaceReleased,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'

export type StoredRelease = StoredEvent<WorkspaceReleased>

/** The first word that was given for a workload. */
export function findRelease(
  events: readonly StoredEvent<LedgerEvent>[],
  workloadUid: string,
): StoredRelease | undefined {
  return events.find((stored): stored is StoredRelease => isRelease(stored) && uidOf(stored) === workloadUid)
}

function isRelease(stored: StoredEvent<LedgerEvent>): stored is StoredRelease {
  return stored.event.type === 'workspace.released'
}

function uidOf({ event }: StoredRelease): string {
  return event.data.workloadUid
}

export function toReleaseView({ event, time, seq }: StoredRelease): ReleaseView {
  const { workloadUid, requestedBy, note = null } = event.data
  return { workloadUid, requestedBy, note, at: time.toISOString(), sequence: seq }
}

export interface StartAndEnd {
  readonly started: AttemptStarted | undefined
  readonly finished: AttemptFinished | undefined
}

/** From the events of an attempt's subject. */
export function readStarted(events: readonly StoredEvent<LedgerEvent>[]): StartAndEnd {
  const told = events.map(({ event }) => event)
  return {
    started: told.find((event) => event.type === 'attempt.started'),
    finished: told.find((event) => event.type === 'attempt.finished'),
  }
}
