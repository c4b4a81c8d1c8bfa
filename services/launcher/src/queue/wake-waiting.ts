import type { World } from '../world.ts'
import { capOf, waitingFor } from './slots.ts'
import type { Wakes } from './wakes.ts'

/** Who waits on a cap looks again when a slot of it is free, the oldest submission first, until the slots are gone. */
export async function wakeWaiting(
  { workspaces }: Pick<World, 'workspaces'>,
  wakes: Pick<Wakes, 'wakeInOrder'>,
  keys: readonly string[],
): Promise<void> {
  const caps = new Set(keys.map(capOf))
  const documents = (await workspaces.list()).map(({ value }) => value)
  wakes.wakeInOrder(waitingFor(caps, documents), ({ waitsFor }) => waitsFor !== 'global')
}
