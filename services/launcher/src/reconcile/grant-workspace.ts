/** Giving the workspace to an attempt, and taking it back. */
import type { QueueEntry, SlotDocument, WorkspaceDocument } from '@orchestrator/shared/contracts'
import type { Documents } from '@orchestrator/shared/nats'
import { grantTo, release } from '../queue/queue.ts'
import { returnSlots, takeSlots } from '../queue/slot-store.ts'
import { capsFor, type HeldSlot, isStale } from '../queue/slots.ts'
import type { World } from '../world.ts'
import { nextEpoch } from './epoch.ts'
import type { Step } from './next-step.ts'
import { refOf } from './observe.ts'
import { forget, goOn, LOST, type StepContext, type StepEnd, write } from './step-context.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/**
 * Slots, then the epoch, then the document: all on one revision of it, so that a slot taken on an older view of the queue
 * is never used.
 */
export async function giveWorkspace(context: StepContext, { head, slots: choice }: StepOf<'grant'>): Promise<StepEnd> {
  const { world, document, signal } = context
  const taking = await takeSlots(world.slots, head, choice)
  if (taking.kind === 'lost') {
    await tellReturned(world, taking.returned)
    return LOST
  }
  const { keys: slots } = taking
  const epoch = await nextEpoch(world, document.value.service, signal)
  const end = await write(context, grantTo(document.value, head, { epoch, slots, workloadUid: null }))
  world.logger.info({ attempt: head.name, epoch, slots }, 'workspace granted')
  return end
}

/** The document lost its memory of a grant: `started` says what was granted. Its slots are found by their values. */
export async function adopt(context: StepContext, entry: QueueEntry): Promise<StepEnd> {
  const { world, pass, document, signal } = context
  const { started } = await pass.history(entry, signal)
  if (started === undefined) return goOn(document)
  const { epoch, workloadUid } = started.data
  const end = await write(context, grantTo(document.value, entry, { epoch, slots: [], workloadUid }))
  world.logger.warn({ attempt: entry.name, workloadUid }, 'grant taken from the ledger')
  return end
}

/**
 * Only after `finished`, and the proof that nothing runs: slots first, then the document; cut between, it runs again.
 * Whatever becomes of the document, who waits for the slots is told.
 */
export async function releaseWorkspace(context: StepContext, step: StepOf<'release'>): Promise<StepEnd> {
  const { world, document } = context
  if (!step.started) await world.runtime.remove(refOf(step.grant))
  const returned = mayHoldSlots(context, step) ? await returnSlotsOf(world, step.grant.submittedId) : []
  try {
    const end = await write(context, release(document.value))
    forget(world, step.grant)
    world.logger.info({ attempt: step.grant.name }, 'workspace released')
    return end
  } finally {
    await tellReturned(world, returned)
  }
}

/** As a release and a grant, in one write: no slots are in the way. */
export async function passWorkspaceOn(context: StepContext, step: StepOf<'passOn'>): Promise<StepEnd> {
  const { world, document, signal } = context
  const { grant, head, started } = step
  if (!started) await world.runtime.remove(refOf(grant))
  const epoch = await nextEpoch(world, document.value.service, signal)
  const granting = { epoch, slots: [], workloadUid: null }
  const end = await write(context, grantTo(release(document.value), head, granting))
  forget(world, grant)
  world.logger.info({ attempt: grant.name, next: head.name, epoch }, 'workspace passed on')
  return end
}

/** A cap that was taken out of the settings leaves slots to the timer, unless the grant names them. */
function mayHoldSlots({ world }: StepContext, { grant }: StepOf<'release'>): boolean {
  return grant.slots.length > 0 || capsFor(grant.agent, world.settings.caps).length > 0
}

async function returnSlotsOf({ slots }: World, submittedId: string): Promise<readonly string[]> {
  const held = await slots.list()
  return await returnSlots(
    slots,
    held.filter(({ value }) => value.submittedId === submittedId),
  )
}

export async function returnStaleSlots(world: World, service: string): Promise<undefined> {
  const held = await world.slots.list()
  const ofService = held.filter(({ value }) => value.service === service)
  await tellReturned(world, await returnStale(world, ofService))
}

async function tellReturned({ onSlotsReturned }: World, keys: readonly string[]): Promise<undefined> {
  if (keys.length > 0) await onSlotsReturned(keys)
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
