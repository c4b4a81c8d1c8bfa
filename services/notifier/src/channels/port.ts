import type { LedgerEvent, TaskRef } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'

/**
 * `each`: every event of a task is told as it is, in the ledger's order. `latest`: the state of the task is rendered
 * from its events and shown once, however many events led there.
 */
export type ChannelKind = 'each' | 'latest'

export interface Telling {
  readonly task: TaskRef
  /** `each`: exactly one. `latest`: all of the task, oldest first. */
  readonly events: readonly [StoredEvent<LedgerEvent>, ...StoredEvent<LedgerEvent>[]]
}

export type Told =
  | 'delivered'
  /** The sink will never take this message: it becomes a dead letter and is passed over. */
  | { readonly rejected: string }
  /** The sink takes nothing now: the channel pauses, and goes on with this very message. */
  | { readonly unavailable: string; readonly retryAfterMs?: number }

/** Where people, or their programs, are told. */
export interface Channel {
  /** Unique among the channels; the first part of the keys of its deliveries. */
  readonly name: string
  readonly kind: ChannelKind
  /**
   * Tells once; never throws for what a sink does. Reasons are for people and logs: no address, no secret, and nothing
   * that the sink answered. An aborted signal ends the call as `unavailable`: whether the sink took it stays open.
   */
  tell(telling: Telling, signal: AbortSignal): Promise<Told>
}
