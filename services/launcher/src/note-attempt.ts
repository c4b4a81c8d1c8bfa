/** Puts into the workspace's document what a message says of an attempt: that it waits, or that it is to stop. */
import { type AttemptRef, type LedgerEvent, taskSubject, type WorkspaceDocument } from '@orchestrator/shared/contracts'
import { hasCode, RetryableError } from '@orchestrator/shared/core'
import type { Documents, Ledger, StoredEvent } from '@orchestrator/shared/nats'
import { eventsOf, readAttempt } from './attempt-history.ts'
import type { LedgerMemory } from './ledger-memory.ts'
import { isBeyond, note, type Submission, toEntry } from './queue.ts'
import { rebuildDocument } from './rebuild/repair-document.ts'

export interface NoteDependencies {
  readonly ledger: Ledger
  readonly memory: Pick<LedgerMemory, 'read' | 'noteSubmission'>
  readonly workspaces: Documents<WorkspaceDocument>
}

const MAX_TRIES = 20

/** @throws RetryableError DOCUMENT_CONFLICT when the document never holds still */
export async function noteAttempt(dependencies: NoteDependencies, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  const submission = await findSubmission(dependencies.ledger, ref, signal)
  if (submission !== undefined) await noteSubmission(dependencies, submission, signal)
}

/** As {@link noteAttempt}, for one whose `task.submitted` is at hand. */
export async function noteSubmission(
  dependencies: NoteDependencies,
  submission: Submission,
  signal: AbortSignal,
): Promise<void> {
  const { event } = submission
  dependencies.memory.noteSubmission(event)
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (await unlessConflict(() => noteOnce(dependencies, submission, signal))) return
  }
  throw new RetryableError('DOCUMENT_CONFLICT', `the document of ${event.data.attempt.service} changes all the time`)
}

async function findSubmission(ledger: Ledger, ref: AttemptRef, signal: AbortSignal): Promise<Submission | undefined> {
  const { events } = await ledger.read(taskSubject(ref), signal)
  return eventsOf(events, 'task.submitted').find(({ event }) => event.data.attempt.n === ref.n)
}

/** The order matters: the document first, then what the ledger says, so that a late reader cannot let a finished one in. */
async function noteOnce(
  { ledger, memory, workspaces }: NoteDependencies,
  submission: Submission,
  signal: AbortSignal,
): Promise<void> {
  const { service } = submission.event.data.attempt
  const document = await workspaces.get(service)
  if (document === undefined) {
    await workspaces.create(service, rebuildDocument(service, await readAll(ledger, service, signal)))
    return
  }
  const { stop, finished } = readAttempt(await memory.read(submission.event.data.attempt, signal))
  const entry = toEntry(submission, stop !== undefined)
  const next = note(document.value, { entry, finished: finished !== undefined })
  if (next === document.value && (finished !== undefined || !isBeyond(next, entry))) return
  await workspaces.update(service, next, document.revision)
}

async function readAll(
  ledger: Ledger,
  service: string,
  signal: AbortSignal,
): Promise<readonly StoredEvent<LedgerEvent>[]> {
  const subjects = [`task.${service}.*.*`, `attempt.${service}.*.*.*`]
  // A `started` that is passed over would free a workspace that is not.
  return await Array.fromAsync(ledger.scan({ subjects, refuse: 'all', signal }))
}

async function unlessConflict(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (hasCode(error, 'DOCUMENT_CONFLICT')) return false
    throw error
  }
}
