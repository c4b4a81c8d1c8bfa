/** How many messages and durables the broker has been given to keep. */
import type { Broker } from '@orchestrator/shared/nats'
import type { Sample } from './sampling.ts'

export async function countStored({ jsm }: Pick<Broker, 'jsm'>): Promise<Sample> {
  const counts: [string, number][] = []
  let consumers = 0
  for await (const { config, state } of jsm.streams.list()) {
    counts.push([`messages in ${config.name}`, state.messages])
    consumers += state.consumer_count
  }
  return { ...Object.fromEntries(counts.toSorted(([a], [b]) => a.localeCompare(b))), 'broker consumers': consumers }
}
