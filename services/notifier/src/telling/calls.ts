import type { HeldLease } from '../deliveries/held-lease.ts'
import { type Arrivals, createArrivals } from './arrivals.ts'

/** A task that is being told, or whose lease is being taken for it. */
export interface Call {
  readonly arrivals: Arrivals
  lease?: HeldLease
}

/** The tasks that one channel on one replica is being told of, each at most once at a time. */
export interface Calls {
  get(key: string): Call | undefined
  hasRoom(): boolean
  /** @returns false where there is no room, or the task is in hand already */
  reserve(key: string): boolean
  /** The call is over: somebody else may have its place. */
  vacate(key: string): void
  /** Gives signs of life for the leases of tasks in hand. */
  beat(): void
}

export interface CallsOptions {
  /** Of what arrives meanwhile. */
  readonly patienceMs: number
  /** How many may be under way now. */
  readonly allowed: () => number
  /** The task is in hand for something else than a call. */
  readonly isTaken: (key: string) => boolean
  readonly onVacated: () => void
}

export function createCalls({ patienceMs, allowed, isTaken, onVacated }: CallsOptions): Calls {
  const calls = new Map<string, Call>()
  const hasRoom = (): boolean => calls.size < allowed()
  return {
    get: (key) => calls.get(key),
    hasRoom,
    reserve: (key) => {
      const isFree = hasRoom() && !calls.has(key) && !isTaken(key)
      if (isFree) calls.set(key, { arrivals: createArrivals(patienceMs) })
      return isFree
    },
    vacate: (key) => {
      calls.get(key)?.arrivals.end()
      calls.delete(key)
      onVacated()
    },
    beat: () => {
      for (const { lease } of calls.values()) lease?.beat()
    },
  }
}
