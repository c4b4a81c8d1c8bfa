import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { FIRST_TERMINAL_RANK } from './schema.ts'

/**
 * How many attempts of each service are unfinished: counted once from the file, then kept in memory with every event. In a
 * table of their own, kept by triggers, they cost as much as all the rest of an event.
 */
export interface LiveCounts {
  of(service: string): number
  all(): number
  add(service: string, change: 1 | -1): void
}

const COUNT = `
  SELECT service, count(*) AS live FROM attempts INDEXED BY list_service_rank
  WHERE rank < ${FIRST_TERMINAL_RANK} AND submitted_seq > 0 GROUP BY service`

const Counts = z.array(z.object({ service: z.string(), live: z.int() }))

/** Of a view that has its indexes. */
export function countLive(database: DatabaseSync): LiveCounts {
  return createLiveCounts(Counts.parse(database.prepare(COUNT).all()))
}

export function createLiveCounts(counted: z.output<typeof Counts>): LiveCounts {
  const counts = new Map(counted.map(({ service, live }) => [service, live]))
  return {
    of: (service) => counts.get(service) ?? 0,
    all: () => counts.values().reduce((sum, live) => sum + live, 0),
    add: (service, change) => {
      const live = (counts.get(service) ?? 0) + change
      if (live === 0) counts.delete(service)
      else counts.set(service, live)
    },
  }
}
