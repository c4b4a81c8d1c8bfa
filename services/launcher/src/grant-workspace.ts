/** Giving the workspace to an attempt, and taking it back. */
import {
  attemptSubject,
  type QueueEntry,
  type SlotDocument,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import type { Documents } from '@orchestrator/shared/nats'
import { readAttempt } from './attempt-history.ts'
import type { Step } from './next-step.ts'
import { refOf } from './observe.ts'
import { grantTo, release } from './queue.ts'
import { returnSlots, takeSlots } from './slot-store.ts'
import { capOf, type HeldSlot, isStale, waitingFor } from './slots.ts'
import { forget, type Rest, type StepContext, write } from './step-context.ts'
import type { World } from './world.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/**
 * Slots, then the epoch, then the document: all on one revision of it, so that a slot taken on an older view of the queue
 * is never used.
 */
export async function giveWorkspace(
  context: StepContext,
  { head, slots: choice }: StepOf<'grant'>,
): Promise<undefined> {
  const { world, document, signal } = context
  const slots = await takeSlots(world.slots, head, choice)
  if (slots === undefined) return
  const epoch = { generation: world.ledger.generation, sequence: await world.ledger.lastSeq(signal) }
  await write(context, grantTo(document.value, head, { epoch, slots, workloadUid: null }))
  world.logger.info({ attempt: head.name, epoch, slots }, 'workspace granted')
}

/** The document lost its memory of a grant: `started` says what was granted. Its slots are found by their values. */
export async function adopt(context: StepContext, entry: QueueEntry): Promise<undefined> {
  const { world, document, signal } = context
  const { started } = readAttempt(await world.ledger.read(attemptSubject(entry), signal))
  if (started === undefined) return
  const { epoch, workloadUid } = started.data
  await write(context, grantTo(document.value, entry, { epoch, slots: [], workloadUid }))
  world.logger.warn({ attempt: entry.name, workloadUid }, 'grant taken from the ledger')
}

/**
 * Only after `finished`, and the proof that nothing runs: slots first, then the document; cut between, it runs again.
 * @returns a rest where the next attempt here needs one of these slots too: then it is not its turn but the oldest's
 */
export async function releaseWorkspace(context: StepContext, step: StepOf<'release'>): Promise<Rest | undefined> {
  const { world, document } = context
  const { submittedId } = step.grant
  if (!step.started) await world.runtime.remove(refOf(step.grant))
  const held = await world.slots.list()
  const own = held.filter(({ value }) => value.submittedId === submittedId)
  const returned = await returnSlots(world.slots, own)
  const free = release(document.value)
  await write(context, free)
  forget(world, step.grant)
  world.logger.info({ attempt: step.grant.name }, 'workspace released')
  if (returned.length === 0) return undefined
  await world.onSlotsReturned(returned)
  return waitingFor(new Set(returned.map(capOf)), [free]).length === 0 ? undefined : {}
}

export async function returnStaleSlots(world: World, service: string): Promise<undefined> {
  const held = await world.slots.list()
  await returnStale(
    world,
    held.filter(({ value }) => value.service === service),
  )
}

/** Judges slots by documents that are read after the slots were listed, and gives back those held for nothing. */
export async function returnStale(
  world: { readonly slots: Documents<SlotDocument>; readonly workspaces: Documents<WorkspaceDocument> },
  held: readonly HeldSlot[],
): Promise<readonly string[]> {
  const stale: HeldSlot[] = []
  for (const [service, slots] of Map.groupBy(held, ({ value }) => value.service)) {
    const document = (await world.workspaces.get(service))?.value
    stale.push(...slots.filter((slot) => isStale(slot, document)))
  }
  return await returnSlots(world.slots, stale)
}
