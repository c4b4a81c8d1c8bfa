/** Caps as numbered keys: which ones an attempt needs, which are free, which are held for nothing. */
import type { QueueEntry, Settings, SlotDocument, WorkspaceDocument } from '@orchestrator/shared/contracts'

export interface HeldSlot {
  readonly key: string
  readonly value: SlotDocument
  readonly revision: number
}

/** A cap as its keys begin: `global` or `agent.<agent>`. */
export type CapName = string

export interface Cap {
  readonly name: CapName
  readonly size: number
}

/** The caps that bind an attempt of this agent, global first: the order in which everyone takes them. */
export function capsFor(agent: string, caps: Settings['caps']): readonly Cap[] {
  const own = caps.agents[agent]
  return [
    ...(caps.global === undefined ? [] : [{ name: 'global', size: caps.global }]),
    ...(own === undefined ? [] : [{ name: `agent.${agent}`, size: own }]),
  ]
}

export function capOf(key: string): CapName {
  return key.slice(0, key.lastIndexOf('.'))
}

export type SlotChoice =
  /** `keep` is held already, from a try that was cut; `take` is free as far as we can see. */
  | { readonly kind: 'enough'; readonly keep: readonly HeldSlot[]; readonly take: readonly string[] }
  | { readonly kind: 'full'; readonly cap: Cap }
  /** There are places, but attempts of these workspaces came first and can take them. */
  | { readonly kind: 'behind'; readonly cap: Cap; readonly services: readonly string[] }

/** Both or none: nothing is taken while one of the caps is full. */
export function chooseSlots(entry: QueueEntry, caps: readonly Cap[], held: readonly HeldSlot[]): SlotChoice {
  const keep: HeldSlot[] = []
  const take: string[] = []
  for (const cap of caps) {
    const own = held.find(({ key, value }) => capOf(key) === cap.name && value.submittedId === entry.submittedId)
    const free = freeKey(cap, held)
    if (own !== undefined) keep.push(own)
    else if (free !== undefined) take.push(free)
    else return { kind: 'full', cap }
  }
  return { kind: 'enough', keep, take }
}

/** As {@link chooseSlots}, once every older attempt that could start now has been given its places. */
export function chooseInTurn(
  entry: QueueEntry,
  { caps, held, documents }: { readonly caps: Settings['caps']; readonly held: readonly HeldSlot[] } & WaitingRoom,
): SlotChoice {
  const taken = [...held]
  const services: string[] = []
  for (const older of headsBefore(entry, documents)) {
    const choice = chooseSlots(older, capsFor(older.agent, caps), taken)
    if (choice.kind !== 'enough') continue
    services.push(older.service)
    taken.push(...choice.take.map((key) => ({ key, value: { v: 1 as const, ...older }, revision: 0 })))
  }
  const choice = chooseSlots(entry, capsFor(entry.agent, caps), taken)
  return choice.kind === 'full' && services.length > 0 ? { kind: 'behind', cap: choice.cap, services } : choice
}

interface WaitingRoom {
  readonly documents: readonly WorkspaceDocument[]
}

/** The first waiting attempt of each free workspace, oldest first. One that is to stop will not start. */
function headsBefore({ sequence }: QueueEntry, documents: readonly WorkspaceDocument[]): readonly QueueEntry[] {
  const heads = documents.flatMap(({ grant, entries: [head] }) => (grant === null && head !== undefined ? [head] : []))
  return heads
    .filter((head) => head.sequence < sequence && !head.stopRequested)
    .toSorted((a, b) => a.sequence - b.sequence)
}

function freeKey({ name, size }: Cap, held: readonly HeldSlot[]): string | undefined {
  const taken = new Set(held.map(({ key }) => key))
  return Array.from({ length: size }, (_none, i) => `${name}.${i}`).find((key) => !taken.has(key))
}

/**
 * True when a slot is held for nothing. The document must have been read after the slot was listed, and the slot may
 * then only go with the revision listed: whoever is about to use it has renewed it, or will fail to write the document.
 */
export function isStale({ value }: HeldSlot, document: WorkspaceDocument | undefined): boolean {
  if (document === undefined) return true
  const user = document.grant ?? document.entries[0]
  return user?.submittedId !== value.submittedId
}

/** Workspaces whose next attempt may wait for one of these caps, oldest submission first. */
export function waitingFor(caps: ReadonlySet<CapName>, documents: readonly WorkspaceDocument[]): readonly string[] {
  const waiting = documents.flatMap(({ service, grant, entries: [head] }) =>
    grant === null && head !== undefined && (caps.has('global') || caps.has(`agent.${head.agent}`))
      ? [{ service, sequence: head.sequence }]
      : [],
  )
  return waiting.toSorted((a, b) => a.sequence - b.sequence).map(({ service }) => service)
}
