/** How events wait for being told at once, under a lease that is in hand, instead of being marked first. */
export interface Patience {
  /** For so long: longer, and they are in the way of others. */
  readonly ms: number
  /** So many wait for a call to end; more are marked. */
  readonly places: number
}

/** Each event waits for all channels together: what is slow in one holds up the others. */
const AMONG_OTHERS: Patience = { ms: 100, places: 32 }
/** Nobody is held up, and a mark is a write that takes time from those who are late already. */
const ALONE: Patience = { ms: 2_000, places: 64 }

export function patienceAmong(channels: number): Patience {
  return channels > 1 ? AMONG_OTHERS : ALONE
}
