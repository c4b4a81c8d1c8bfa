import type { QueueEntry, SlotDocument } from '@orchestrator/shared/contracts'
import { hasCode } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import type { HeldSlot, SlotChoice } from './slots.ts'

export type SlotTaking =
  | { readonly kind: 'taken'; readonly keys: readonly string[] }
  /** Someone was faster: nothing new is kept. Others may have seen what is given back as taken. */
  | { readonly kind: 'lost'; readonly returned: readonly string[] }

/** Takes what was chosen, in order. */
export async function takeSlots(
  slots: Documents<SlotDocument>,
  entry: QueueEntry,
  choice: Extract<SlotChoice, { kind: 'enough' }>,
): Promise<SlotTaking> {
  const { service, name, submittedId } = entry
  const value: SlotDocument = { v: 1, service, name, submittedId }
  const taken: HeldSlot[] = []
  try {
    // Renewing gives the slot a new revision, so nobody returns it who judged it by an older document.
    for (const { key, revision } of choice.keep) await slots.update(key, value, revision)
    for (const key of choice.take) taken.push({ key, value, revision: await slots.create(key, value) })
  } catch (error) {
    if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
    return { kind: 'lost', returned: await returnSlots(slots, taken) }
  }
  return { kind: 'taken', keys: [...choice.keep, ...taken].map(({ key }) => key) }
}

/** Gives slots back by the revision listed. @returns the keys that this call gave back */
export async function returnSlots(
  slots: Documents<SlotDocument>,
  held: readonly HeldSlot[],
): Promise<readonly string[]> {
  const returned: string[] = []
  for (const { key, revision } of held) {
    if (await removeIfUnchanged(slots, key, revision)) returned.push(key)
  }
  return returned
}

async function removeIfUnchanged(slots: Documents<SlotDocument>, key: string, revision: number): Promise<boolean> {
  try {
    await slots.remove(key, revision)
    return true
  } catch (error) {
    if (hasCode(error, 'DOCUMENT_CONFLICT')) return false
    throw error
  }
}
