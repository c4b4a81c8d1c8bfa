/**
 * Reading a stream in order, across disconnects and restarts of the broker. Whenever the consumer behind it is lost, the
 * next one goes on after the last message that was handed out: nothing is missed, nothing comes twice.
 */
import type { JsMsg } from '@nats-io/jetstream'
import { backoffMs, describeError, RetryableError, systemClock } from '../../core/index.ts'
import { ask, unavailable } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import type { FollowOptions, ScanOptions } from '../ports.ts'
import { openReaderSession, type StreamSource } from './reader-session.ts'

const RETRY = { firstMs: 50, maxMs: 5000 }
const SCAN_TRIES = 6
/** A reader that held for this long starts over with the shortest backoff. */
const STEADY_MS = 5000

interface ScanState {
  next: number
  /** Undefined before the first look. */
  target: number | undefined
}

/**
 * What is stored, up to what was last when the scan began.
 * @throws the signal's reason; RetryableError BROKER_UNAVAILABLE when it cannot be completed
 */
export async function* scanStream(source: StreamSource, options: ScanOptions): AsyncGenerator<JsMsg> {
  const state: ScanState = { next: options.fromSeq ?? 1, target: undefined }
  for (let failures = 0; ; failures += 1) {
    const before = state.next
    try {
      if (yield* scanOnce(source, { options, state })) return
    } catch (error) {
      options.signal.throwIfAborted()
      if (!(error instanceof RetryableError) || failures >= SCAN_TRIES) throw error
    }
    options.signal.throwIfAborted()
    if (state.next > before) failures = 0
    if (failures >= SCAN_TRIES) throw unavailable(`reading ${source.stream}`)
    await systemClock.sleep(backoffMs(failures + 1, RETRY), options.signal)
  }
}

/** @returns true when the scan is complete; false when the consumer was lost on the way, or its replica is behind */
async function* scanOnce(
  source: StreamSource,
  { options, state }: { readonly options: ScanOptions; readonly state: ScanState },
): AsyncGenerator<JsMsg, boolean> {
  await using session = await openReaderSession(source, { ...options, next: state.next })
  // The last message of a subject moves; what aged out meanwhile is not waited for.
  const fixed = options.lastPerSubject === true ? undefined : state.target
  const target = Math.min(fixed ?? session.target, session.target)
  state.target = target
  if (state.next > target) return true
  if (session.pending === 0) return false
  for await (const message of session.messages()) {
    if (message.seq > target) return true
    state.next = message.seq + 1
    yield message
    if (state.next > target) return true
    if (message.info.pending === 0) return false
  }
  return false
}

export interface StreamFollowOptions extends FollowOptions {
  /**
   * Starts from `fromSeq` again after each interruption: for a stream that may lose its last messages in a crash, so that
   * their sequences come again with other content. The reader then knows by the content what it has seen.
   */
  readonly rewind?: boolean
}

/** As {@link scanStream}, then on and on as messages arrive; ends with the signal. */
export async function* followStream(source: StreamSource, options: StreamFollowOptions): AsyncGenerator<JsMsg> {
  const { broker } = source
  const start = options.fromSeq ?? 1
  const state = { next: start }
  let failures = 0
  while (await untilConnected(broker, options.signal)) {
    const opened = performance.now()
    try {
      yield* followOnce(source, { options, state })
    } catch (error) {
      if (options.signal.aborted) return
      if (!(error instanceof RetryableError) || broker.nc.isClosed()) throw error
      broker.logger.warn({ stream: source.stream, error: describeError(error) }, 'reading a stream was interrupted')
    }
    if (options.rewind === true) state.next = start
    failures = performance.now() - opened > STEADY_MS ? 1 : failures + 1
    await systemClock.sleep(backoffMs(failures, RETRY), options.signal).catch(() => undefined)
  }
}

async function* followOnce(
  source: StreamSource,
  { options, state }: { readonly options: FollowOptions; readonly state: { next: number } },
): AsyncGenerator<JsMsg> {
  await using session = await openReaderSession(source, { ...options, next: state.next })
  for await (const message of session.messages()) {
    state.next = message.seq + 1
    yield message
  }
}

/** @returns false when the signal aborted first. @throws RetryableError BROKER_UNAVAILABLE once closed for good */
export async function untilConnected(broker: Broker, signal: AbortSignal): Promise<boolean> {
  if (broker.nc.isClosed()) throw unavailable('the connection is closed')
  if (broker.connected || signal.aborted) return !signal.aborted
  const changed = Promise.withResolvers<void>()
  const forget = broker.onChange(() => changed.resolve())
  signal.addEventListener('abort', () => changed.resolve(), { once: true })
  await changed.promise
  forget()
  return untilConnected(broker, signal)
}

/** Last sequence of a stream, by its leader. @throws RetryableError BROKER_UNAVAILABLE */
export async function lastSequence(broker: Broker, stream: string): Promise<number> {
  const info = await ask(broker, `asking for the state of ${stream}`, () => broker.jsm.streams.info(stream))
  return info.state.last_seq
}
