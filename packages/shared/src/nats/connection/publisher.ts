/**
 * Publishing into streams, with acknowledgements. The client's own `js.publish` makes two errors with their stacks, a timer
 * and a write to the socket for each message: 0.06 ms of processor time. Here one inbox takes all acknowledgements, one
 * timer watches over them, and what is published in one turn of the event loop is one write.
 */
import { type ApiError, JetStreamApiError, JetStreamError, PubHeaders } from '@nats-io/jetstream'
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type PermissionViolationError,
} from '@nats-io/nats-core'
import { brokerError, unavailable } from './broker-errors.ts'
import { traceHeaders } from './trace-headers.ts'

export interface StreamMessage {
  readonly subject: string
  readonly data: string | Uint8Array
  /** The one that must take it. */
  readonly stream: string
  /** Last sequence that its subject must have; any when left out. */
  readonly expectedSeq?: number
}

export interface Ack {
  readonly seq: number
  readonly duplicate: boolean
}

export interface Publisher {
  /**
   * @throws RetryableError BROKER_UNAVAILABLE at once while disconnected, at a disconnect, and without an answer in time;
   *   LEDGER_FULL; what the client throws for other refusals
   */
  publish(message: StreamMessage): Promise<Ack>
  /** The connection was lost or made anew: no answers come to what was published before. */
  forsake(): void
  /** The broker says that nothing may be published on the subject. */
  refuse(error: PermissionViolationError): void
}

export interface PublisherOptions {
  readonly nc: NatsConnection
  readonly inboxPrefix: string
  readonly isConnected: () => boolean
  /** Without an answer for so long the outcome is unknown. */
  readonly timeoutMs: number
  /** Called right before a write to the socket: what it sends goes with it. */
  readonly beforeWrite: () => void
}

interface Waiting {
  readonly message: StreamMessage
  readonly headers: MsgHdrs
  readonly untilMs: number
  readonly resolve: (ack: Ack) => void
  readonly reject: (error: unknown) => void
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { nc, inboxPrefix, isConnected, timeoutMs, beforeWrite } = options
  const inbox = `${createInbox(inboxPrefix)}.`
  /** Oldest first, under the last token of the subject that their answers come to. */
  const waiting = new Map<string, Waiting>()
  let unsent: string[] = []
  let serial = 0
  let expiring: NodeJS.Timeout | undefined

  const take = (token: string): Waiting | undefined => {
    const found = waiting.get(token)
    waiting.delete(token)
    return found
  }
  const fail = (token: string, error: unknown): void => {
    const found = take(token)
    found?.reject(brokerError(error, `publishing on ${found.message.subject}`))
  }
  const failAll = (error: unknown, concerned: (message: StreamMessage) => boolean = () => true): void => {
    for (const [token, { message }] of waiting) if (concerned(message)) fail(token, error)
  }
  const expire = (): void => {
    expiring = undefined
    const now = performance.now()
    for (const [token, { untilMs }] of waiting) {
      if (untilMs > now) {
        expiring = setTimeout(expire, untilMs - now)
        return
      }
      fail(token, unavailable('publishing, without an answer in time'))
    }
  }
  const send = (): void => {
    const tokens = unsent
    unsent = []
    beforeWrite()
    for (const token of tokens) {
      const found = waiting.get(token)
      // Given up at a disconnect: the client would keep it, and send it when nobody waits for it any more.
      if (found === undefined) continue
      try {
        nc.publish(found.message.subject, found.message.data, { reply: inbox + token, headers: found.headers })
      } catch (error) {
        fail(token, error)
      }
    }
  }

  nc.subscribe(`${inbox}*`, {
    callback: (error, answer) => {
      if (error !== null) return failAll(error)
      const found = take(answer.subject.slice(inbox.length))
      if (found !== undefined) settle(found, answer)
    },
  })

  return {
    publish: async (message) => {
      if (!isConnected()) throw unavailable('publishing while disconnected')
      const { promise, resolve, reject } = Promise.withResolvers<Ack>()
      serial += 1
      const token = serial.toString(36)
      const untilMs = performance.now() + timeoutMs
      waiting.set(token, { message, headers: headersOf(message), untilMs, resolve, reject })
      if (unsent.push(token) === 1) setImmediate(send)
      expiring ??= setTimeout(expire, timeoutMs)
      return await promise
    },
    forsake: () => failAll(unavailable('disconnected while publishing')),
    refuse: (error) => failAll(error, ({ subject }) => subject === error.subject),
  }
}

function headersOf({ stream, expectedSeq }: StreamMessage): MsgHdrs {
  const carrier = traceHeaders()
  carrier.set(PubHeaders.ExpectedStreamHdr, stream)
  if (expectedSeq !== undefined) carrier.set(PubHeaders.ExpectedLastSubjectSequenceHdr, String(expectedSeq))
  return carrier
}

function settle({ message, resolve, reject }: Waiting, answer: Msg): void {
  try {
    resolve(readAnswer(answer))
  } catch (error) {
    reject(brokerError(error, `publishing on ${message.subject}`))
  }
}

/** What the broker sends back; without content when no stream listens on the subject, or none has a leader. */
function readAnswer(answer: Msg): Ack {
  if (answer.data.length === 0) throw unavailable('publishing, no stream listens')
  const { error, seq, duplicate = false } = answer.json<Partial<Ack> & { readonly error?: ApiError }>()
  if (error !== undefined) throw new JetStreamApiError(error)
  if (seq === undefined) throw new JetStreamError('an acknowledgement without a sequence')
  return { seq, duplicate }
}
