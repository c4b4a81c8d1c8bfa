/** Gathers what the next step depends on: only what matters at the stage that the document shows. */
import {
  type AttemptStarted,
  attemptSubject,
  type Grant,
  type QueueEntry,
  workspaceSubject,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import { type AttemptHistory, eventsOf, readAttempt } from './attempt-history.ts'
import { readBranchClaim } from './branch-claim.ts'
import type { GrantFacts, Situation, WorkloadFact } from './next-step.ts'
import { readSubmission } from './prepare-launch.ts'
import { needsRefill } from './queue.ts'
import type { Runtime, WorkloadRef } from './runtimes/port.ts'
import { capsFor, chooseInTurn, chooseSlots, type HeldSlot, isStale, type SlotChoice } from './slots.ts'
import type { World } from './world.ts'

const MINUTE_MS = 60_000

export async function observe(world: World, document: WorkspaceDocument, signal: AbortSignal): Promise<Situation> {
  // The rest of the queue is fetched first: nothing else is decided on a document that shows a part only.
  if (needsRefill(document)) return { at: 'empty' }
  const stopping = await observeStopping(world, document, signal)
  if (stopping !== undefined) return stopping
  if (document.grant !== null) return await observeGrant(world, document.grant, signal)
  const [head] = document.entries
  return head === undefined ? { at: 'empty' } : await observeHead(world, { document, head }, signal)
}

async function readHistory({ ledger }: World, entry: QueueEntry, signal: AbortSignal): Promise<AttemptHistory> {
  return readAttempt(await ledger.read(attemptSubject(entry), signal))
}

async function observeStopping(
  world: World,
  { entries }: WorkspaceDocument,
  signal: AbortSignal,
): Promise<Situation | undefined> {
  const entry = entries.find(({ stopRequested }) => stopRequested)
  if (entry === undefined) return undefined
  const history = await readHistory(world, entry, signal)
  // One that has a workload all the same is no longer ours to end here: it is taken up when its turn comes.
  return history.started === undefined ? { at: 'stopping', entry, history } : undefined
}

interface Head {
  readonly document: WorkspaceDocument
  readonly head: QueueEntry
}

async function observeHead(world: World, { document, head }: Head, signal: AbortSignal): Promise<Situation> {
  const history = await readHistory(world, head, signal)
  const caps = capsFor(head.agent, world.settings.caps)
  const held: readonly HeldSlot[] = caps.length === 0 ? [] : await world.slots.list()
  const staleSlots = held.some((slot) => slot.value.service === document.service && isStale(slot, document))
  return { at: 'waiting', head, history, slots: await chooseFor(world, { head, held }), staleSlots }
}

/** In turn where there are caps; one that should go first and does not is waited for only so long. */
async function chooseFor(
  world: World,
  { head, held }: { readonly head: QueueEntry; readonly held: readonly HeldSlot[] },
): Promise<SlotChoice> {
  const { caps } = world.settings
  const needed = capsFor(head.agent, caps)
  const choice = chooseSlots(head, needed, held)
  if (needed.length === 0 || choice.kind !== 'enough') return choice
  const documents = (await world.workspaces.list()).map(({ value }) => value)
  const inTurn = chooseInTurn(head, { caps, held, documents })
  return inTurn.kind === 'behind' && world.patience.isOver(head.submittedId) ? choice : inTurn
}

async function observeGrant(world: World, grant: Grant, signal: AbortSignal): Promise<Situation> {
  const history = await readHistory(world, grant, signal)
  return { at: 'granted', grant, history, facts: await observeFacts(world, { grant, history }, signal) }
}

interface Granted {
  readonly grant: Grant
  readonly history: AttemptHistory
}

async function observeFacts(world: World, granted: Granted, signal: AbortSignal): Promise<GrantFacts> {
  const { started, finished } = granted.history
  if (finished !== undefined) return await observeFinished(world, granted, signal)
  if (started !== undefined) return { stage: 'started', workload: await observeWorkload(world, granted, signal) }
  return await observeUnstarted(world, granted.grant, signal)
}

async function observeUnstarted(world: World, grant: Grant, signal: AbortSignal): Promise<GrantFacts> {
  const { attempt: spec } = (await readSubmission(world.ledger, grant, signal)).data
  const branch = await readBranchClaim(world.branches, spec)
  const heldUid = await world.runtime.findHeld(refOf(grant))
  return { stage: 'unstarted', heldUid, branch, launch: world.launches.fact(grant.submittedId) }
}

async function observeWorkload(world: World, { grant, history }: Granted, signal: AbortSignal): Promise<WorkloadFact> {
  const { started } = history
  if (started === undefined || !isOurs(world.runtime, started)) return { kind: 'elsewhere' }
  const state = await world.runtime.state(refOf(grant), started.data.workloadUid)
  if (state.kind !== 'running') return state
  const { limits } = (await readSubmission(world.ledger, grant, signal)).data.attempt
  // The runner ends itself at the limit; this is for one that does not.
  const dueInMs = limits.wallClockMinutes * MINUTE_MS + world.stopGraceMs - state.ageMs
  return { kind: 'running', overdue: dueInMs <= 0, dueInMs: Math.max(0, dueInMs) }
}

async function observeFinished(world: World, { grant, history }: Granted, signal: AbortSignal): Promise<GrantFacts> {
  const { started } = history
  if (started === undefined) return { stage: 'finished', released: true, ours: true }
  const uid = started.data.workloadUid
  const ours = isOurs(world.runtime, started)
  const proven = ours && (await world.runtime.released(refOf(grant), uid))
  const released = proven || (await isVouchedFor(world, { service: grant.service, uid }, signal))
  return { stage: 'finished', released, ours }
}

/** A person's word that nothing of the workload runs any more. */
async function isVouchedFor(
  { ledger }: World,
  { service, uid }: { readonly service: string; readonly uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { events } = await ledger.read(workspaceSubject(service), signal)
  return eventsOf(events, 'workspace.released').some(({ event }) => event.data.workloadUid === uid)
}

/** Whether the workload is in this launcher's runtime and place. */
export function isOurs({ kind, location }: Pick<Runtime, 'kind' | 'location'>, { data }: AttemptStarted): boolean {
  return data.runtime === kind && data.location === location
}

export function refOf({ name, submittedId, epoch }: Pick<Grant, 'name' | 'submittedId' | 'epoch'>): WorkloadRef {
  return { name, submittedId, generation: epoch.generation }
}
