/** Puts into the workspace's document what a message says of an attempt: that it waits, or that it is to stop. */
import { type AttemptRef, type LedgerEvent, type QueueEntry, taskSubject } from '@orchestrator/shared/contracts'
import { hasCode, RetryableError } from '@orchestrator/shared/core'
import type { Ledger, StoredEvent } from '@orchestrator/shared/nats'
import { eventsOf, readAttempt } from '../memory/attempt-history.ts'
import { grantTo, hasTurn, isBeyond, note, type Submission, toEntry } from '../queue/queue.ts'
import { capsFor } from '../queue/slots.ts'
import { rebuildDocument } from '../rebuild/repair-document.ts'
import type { World } from '../world.ts'
import { nextEpoch } from './epoch.ts'
import type { Document } from './step-context.ts'

export interface NoteDependencies extends Pick<
  World,
  'ledger' | 'memory' | 'workspaces' | 'settings' | 'clock' | 'logger'
> {}

/** Whether it was made a moment ago, and nobody can have said anything of it. */
type Noting = Submission & { readonly isNew: boolean }

const MAX_TRIES = 20

/** @throws RetryableError DOCUMENT_CONFLICT when the document never holds still */
export async function noteAttempt(dependencies: NoteDependencies, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  const submission = await findSubmission(dependencies.ledger, ref, signal)
  if (submission !== undefined) await noteSubmission(dependencies, { ...submission, isNew: false }, signal)
}

/** As {@link noteAttempt}, for one whose `task.submitted` is at hand. */
export async function noteSubmission(
  dependencies: NoteDependencies,
  noting: Noting,
  signal: AbortSignal,
): Promise<void> {
  const { event } = noting
  dependencies.memory.noteSubmission(event)
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (await unlessConflict(() => noteOnce(dependencies, noting, signal))) return
  }
  throw new RetryableError('DOCUMENT_CONFLICT', `the document of ${event.data.attempt.service} changes all the time`)
}

async function findSubmission(ledger: Ledger, ref: AttemptRef, signal: AbortSignal): Promise<Submission | undefined> {
  const { events } = await ledger.read(taskSubject(ref), signal)
  return eventsOf(events, 'task.submitted').find(({ event }) => event.data.attempt.n === ref.n)
}

/** What is remembered of the document will do when it is replaced: then it is what it was. */
async function noteOnce(dependencies: NoteDependencies, noting: Noting, signal: AbortSignal): Promise<void> {
  const { ledger, workspaces } = dependencies
  const { service } = noting.event.data.attempt
  const remembered = workspaces.recall(service)
  if (remembered !== undefined && (await noteIn(dependencies, { ...noting, ...remembered }, signal))) return
  if (remembered?.isRecent === true) return
  const document = await workspaces.get(service)
  if (document === undefined)
    await workspaces.create(service, rebuildDocument(service, await readAll(ledger, service, signal)))
  else await noteIn(dependencies, { ...noting, document }, signal)
}

/**
 * The order matters: the document first, then what the ledger says, so that a late reader cannot let a finished one in.
 * @returns whether the document had to be replaced
 */
async function noteIn(
  dependencies: NoteDependencies,
  { document, ...noting }: Noting & { readonly document: Document },
  signal: AbortSignal,
): Promise<boolean> {
  const { memory, workspaces, logger } = dependencies
  const { attempt } = noting.event.data
  const history = readAttempt(noting.isNew ? memory.begin(attempt) : await memory.read(attempt, signal))
  const entry = toEntry(noting, history.stop !== undefined)
  const finished = history.finished !== undefined
  const next = note(document.value, { entry, finished })
  if (next === document.value && (finished || !isBeyond(next, entry))) return false
  if (!noting.isNew || history.started !== undefined || !hasTurn(next, entry) || isCapped(dependencies, entry)) {
    await workspaces.update(document.key, next, document.revision)
    return true
  }
  // One write instead of two where nobody waits: it does not enter the queue only to leave it.
  const epoch = await nextEpoch(dependencies, document.key, signal)
  const granted = grantTo(next, entry, { epoch, slots: [], workloadUid: null })
  await workspaces.update(document.key, granted, document.revision)
  logger.info({ attempt: entry.name, epoch, slots: [] }, 'workspace granted')
  return true
}

function isCapped({ settings }: Pick<World, 'settings'>, { agent }: QueueEntry): boolean {
  return capsFor(agent, settings.caps).length > 0
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
