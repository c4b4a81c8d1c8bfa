/** Gathers what the next step depends on: only what matters at the stage that the document shows. */
import {
  type AttemptStarted,
  type Grant,
  type QueueEntry,
  workspaceSubject,
  type WorkspaceDocument,
  type WorkspaceReleased,
} from '@orchestrator/shared/contracts'
import { type AttemptHistory, eventsOf } from '../memory/attempt-history.ts'
import { needsRefill } from '../queue/queue.ts'
import { capsFor, chooseInTurn, chooseSlots, type HeldSlot, isStale, type SlotChoice } from '../queue/slots.ts'
import type { Runtime, WorkloadRef } from '../runtimes/port.ts'
import type { World } from '../world.ts'
import type { GrantFacts, Situation, WorkloadFact } from './next-step.ts'
import type { StepContext } from './step-context.ts'

const MINUTE_MS = 60_000

/** What a step is decided from; the world is looked at through what the pass knows already. */
type Look = StepContext

export async function observe(look: Look): Promise<Situation> {
  const document = look.document.value
  // The rest of the queue is fetched first: nothing else is decided on a document that shows a part only.
  if (needsRefill(document)) return { at: 'empty' }
  const stopping = await observeStopping(look, document)
  if (stopping !== undefined) return stopping
  if (document.grant !== null) return await observeGrant(look, document.grant)
  const [head] = document.entries
  return head === undefined ? { at: 'empty' } : await observeHead(look, { document, head })
}

async function observeStopping({ pass, signal }: Look, { entries }: WorkspaceDocument): Promise<Situation | undefined> {
  const entry = entries.find(({ stopRequested }) => stopRequested)
  if (entry === undefined) return undefined
  const history = await pass.history(entry, signal)
  // One that has a workload all the same is no longer ours to end here: it is taken up when its turn comes.
  return history.started === undefined ? { at: 'stopping', entry, history } : undefined
}

interface Head {
  readonly document: WorkspaceDocument
  readonly head: QueueEntry
}

async function observeHead({ world, pass, signal }: Look, { document, head }: Head): Promise<Situation> {
  const history = await pass.history(head, signal)
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

async function observeGrant(look: Look, grant: Grant): Promise<Situation> {
  const { world, pass, signal } = look
  // Before `started` a stop refuses what we publish; after it nothing would keep a stopped workload from being let go.
  const history = await pass.historyOfGrant(grant, signal)
  const facts = await observeFacts(world, { grant, history }, signal)
  if (facts.stage !== 'finished' || !facts.released) return { at: 'granted', grant, history, facts }
  const next = await observeNext(look, grant)
  return { at: 'granted', grant, history, facts: next === undefined ? facts : { ...facts, next } }
}

/** Where there are caps, slots go from hand to hand first. */
async function observeNext({ world, pass, document, signal }: Look, grant: Grant): Promise<QueueEntry | undefined> {
  const [head] = document.value.entries
  if (head === undefined || grant.slots.length > 0) return undefined
  if ([grant, head].some(({ agent }) => capsFor(agent, world.settings.caps).length > 0)) return undefined
  const { started, stop, finished } = await pass.history(head, signal)
  return (started ?? stop ?? finished) === undefined ? head : undefined
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
  const { attempt: spec } = (await world.memory.submission(grant, signal)).data
  const branch = await world.branches.fact(spec)
  const heldUid = await world.runtime.findHeld(refOf(grant))
  return { stage: 'unstarted', heldUid, branch, launch: world.launches.fact(grant.submittedId) }
}

async function observeWorkload(world: World, { grant, history }: Granted, signal: AbortSignal): Promise<WorkloadFact> {
  const { started } = history
  if (started === undefined) return { kind: 'gone' }
  if (!isOurs(world.runtime, started)) return await observeElsewhere(world, { grant, started }, signal)
  const state = await world.runtime.state(refOf(grant), started.data.workloadUid)
  if (state.kind === 'gone') return state
  const { limits } = (await world.memory.submission(grant, signal)).data.attempt
  // The runner ends itself at the limit; this is for one that does not.
  const limitMs = limits.wallClockMinutes * MINUTE_MS + world.stopGraceMs
  if (state.kind === 'held') return { kind: 'held', dueInMs: limitMs }
  const dueInMs = limitMs - state.ageMs
  return { kind: 'running', overdue: dueInMs <= 0, dueInMs: Math.max(0, dueInMs) }
}

async function observeElsewhere(
  world: World,
  { grant, started }: { readonly grant: Grant; readonly started: AttemptStarted },
  signal: AbortSignal,
): Promise<WorkloadFact> {
  const { workloadUid, location } = started.data
  const word = await findWord(world, { service: grant.service, uid: workloadUid }, signal)
  return { kind: 'elsewhere', location, vouchedBy: word?.data.requestedBy.caller }
}

async function observeFinished(world: World, { grant, history }: Granted, signal: AbortSignal): Promise<GrantFacts> {
  const { started } = history
  if (started === undefined) return { stage: 'finished', released: true, ours: true }
  const uid = started.data.workloadUid
  const ours = isOurs(world.runtime, started)
  const proven = ours && (await world.runtime.released(refOf(grant), uid))
  const released = proven || (await findWord(world, { service: grant.service, uid }, signal)) !== undefined
  return { stage: 'finished', released, ours }
}

/** A person's word that nothing of the workload runs any more. */
async function findWord(
  { ledger }: World,
  { service, uid }: { readonly service: string; readonly uid: string },
  signal: AbortSignal,
): Promise<WorkspaceReleased | undefined> {
  const { events } = await ledger.read(workspaceSubject(service), signal)
  return eventsOf(events, 'workspace.released').find(({ event }) => event.data.workloadUid === uid)?.event
}

/** Whether the workload is in this launcher's runtime and place. */
export function isOurs({ kind, location }: Pick<Runtime, 'kind' | 'location'>, { data }: AttemptStarted): boolean {
  return data.runtime === kind && data.location === location
}

export function refOf({ name, submittedId, epoch }: Pick<Grant, 'name' | 'submittedId' | 'epoch'>): WorkloadRef {
  return { name, submittedId, generation: epoch.generation }
}
