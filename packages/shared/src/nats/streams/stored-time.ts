/** When a message was stored first: a restore publishes it again, and then this header says when that was. */
import type { MsgHdrs } from '@nats-io/nats-core'

export const STORED_AT_HEADER = 'Orchestrator-Stored-At'

export interface TimedMessage {
  readonly time: Date
  /** The client has both names, for messages of a consumer and for those that were fetched. */
  readonly headers?: MsgHdrs | undefined
  readonly header?: MsgHdrs | undefined
}

export function storedTime({ time, headers, header }: TimedMessage): Date {
  const said = (headers ?? header)?.get(STORED_AT_HEADER) ?? ''
  return said === '' || Number.isNaN(Date.parse(said)) ? time : new Date(said)
}
