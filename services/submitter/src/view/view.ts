import { type Clock, describeError } from '@orchestrator/shared/core'
import type { Broker } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { StreamName } from './cursors.ts'
import { diskFull, isDamage, isDatabaseError, isDiskFull, removeDatabase } from './open-database.ts'
import { OtherHistory, runProjection } from './projection.ts'
import type { ViewQueries } from './queries.ts'
import { findOtherHistory, type Streams } from './same-history.ts'
import { createSequenceWaits } from './sequence-waits.ts'
import { openViewStore, type ViewStore } from './store.ts'

/** This replica's projection of the ledger and of progress: a cache that answers without the broker. */
export interface View extends Disposable {
  /** It has held everything that the broker held at a connect: reads may be answered, during an outage too. */
  readonly readable: boolean
  /** And it has been compared with the broker since the last reconnect: submits may be decided from it. */
  readonly current: boolean
  /** Last sequence of the ledger that it holds. */
  readonly sequence: number
  readonly queries: ViewQueries
  /** @throws RetryableError VIEW_NOT_READY after two seconds; the signal's reason */
  waitFor(seq: number, signal: AbortSignal): Promise<void>
  /** Waits until it has all that the ledger holds now. @throws RetryableError VIEW_NOT_READY, BROKER_UNAVAILABLE */
  catchUp(signal: AbortSignal): Promise<void>
  /** Fills it until the signal aborts, and makes it anew where it does not fit the ledger; to be started again after an error. */
  follow(signal: AbortSignal): Promise<void>
  /** An error of a query: a damaged file is made anew. */
  noteFailure(error: unknown): void
}

export interface ViewOptions {
  readonly file: string
  readonly streams: Streams
  readonly broker: Pick<Broker, 'onChange'>
  readonly clock: Clock
  readonly logger: Logger
}

/** @throws TerminalError CONFIG_INVALID when the file cannot be used */
export function createView({ file, streams, broker, clock, logger }: ViewOptions): View {
  let store: ViewStore | undefined = openViewStore(file)
  let readable = false
  let current = false
  let interrupt: (error: unknown) => void = () => undefined
  const opened = (): ViewStore => (store ??= openViewStore(file))
  const sequence = (): number => store?.cursor('TASKS')?.seq ?? 0
  const waits = createSequenceWaits(sequence, clock)
  const caughtUp = new Set<StreamName>()
  const outdate = (): void => {
    current = false
    caughtUp.clear()
  }
  const forget = broker.onChange((connected) => {
    if (!connected) outdate()
  })

  const close = (): void => {
    store?.[Symbol.dispose]()
    store = undefined
  }
  const makeAnew = (why: string): void => {
    logger.warn({ file, why }, 'the view is made anew')
    readable = false
    close()
    removeDatabase(file)
  }

  const verify = async (signal: AbortSignal): Promise<void> => {
    const difference = await findOtherHistory(opened(), streams, signal)
    if (difference !== undefined) throw new OtherHistory(difference)
  }

  const project = async (signal: AbortSignal): Promise<void> => {
    const failed = Promise.withResolvers<never>()
    interrupt = failed.reject
    const verified = async (): Promise<void> => {
      await verify(signal)
      opened().setGeneration(streams.ledger.generation)
      readable = true
      current = true
    }
    const onCaughtUp = (stream: StreamName): void => {
      caughtUp.add(stream)
      if (caughtUp.size === 2 && !current) verified().catch(failed.reject)
    }
    const interrupted = failed.promise
    await runProjection({ store: opened(), streams, onCaughtUp, onApplied: () => waits.moved(), interrupted, signal })
  }

  return {
    get readable() {
      return readable
    },
    get current() {
      return current
    },
    get sequence() {
      return sequence()
    },
    get queries() {
      return opened().queries
    },
    waitFor: (seq, signal) => waits.waitFor(seq, signal),
    catchUp: async (signal) => {
      await waits.waitFor(await streams.ledger.lastSeq(signal), signal)
    },
    follow: async (signal) => {
      try {
        await verify(signal)
        await project(signal)
      } catch (error) {
        outdate()
        if (error instanceof OtherHistory || isDamage(error)) makeAnew(describeError(error))
        else if (isDatabaseError(error)) close()
        throw isDiskFull(error) ? diskFull(file, error) : error
      }
    },
    noteFailure: (error) => {
      if (isDamage(error)) interrupt(error)
    },
    [Symbol.dispose]: () => {
      forget()
      close()
    },
  }
}
