import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, describeError, raceAbort } from '@orchestrator/shared/core'
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
  /** How far it has come of what it was to be filled with, and by which order. */
  readonly filling: Filling
  /** It is to be made anew, unless it was begun under this order or a later one. */
  makeAnew(views: number): void
  /** Waits until it has all that the ledger holds now. @throws RetryableError VIEW_NOT_READY, BROKER_UNAVAILABLE */
  catchUp(signal: AbortSignal): Promise<void>
  /** Fills it until the signal aborts, and makes it anew where it does not fit the ledger; to be started again after an error. */
  follow(signal: AbortSignal): Promise<void>
  /** An error of a query: a damaged file is made anew. */
  noteFailure(error: unknown): void
}

export interface Filling {
  /** Number of the rebuild that it was begun under; undefined before it is begun. */
  readonly views: number | undefined
  readonly sequence: number
  /** Last sequence of the ledger when it was begun, or gone on with. */
  readonly of: number
}

/** The broker went away, or the view is to be looked at: it is compared with the broker again before it goes on. */
class Interruption extends Error {}

export interface ViewOptions {
  readonly file: string
  /** Of the file's pages in memory; as `openDatabase` when left out. */
  readonly cacheMib?: number
  readonly streams: Streams
  readonly broker: Pick<Broker, 'connected' | 'onChange'>
  readonly clock: Clock
  readonly logger: Logger
}

/** @throws TerminalError CONFIG_INVALID when the file cannot be used */
export function createView({ file, cacheMib, streams, broker, clock, logger }: ViewOptions): View {
  let store: ViewStore | undefined = openViewStore(file, cacheMib)
  let readable = false
  let current = false
  let interrupt: (error: unknown) => void = () => undefined
  const opened = (): ViewStore => (store ??= openViewStore(file, cacheMib))
  /** Beyond the last event applied: those of a newer release, which nobody here waits for. */
  let passed = 0
  const sequence = (): number => Math.max(store?.cursor('TASKS')?.seq ?? 0, passed)
  const waits = createSequenceWaits(sequence, clock)
  const caughtUp = new Set<StreamName>()
  const outdate = (): void => {
    current = false
    caughtUp.clear()
  }
  let goal = 0
  /** Raised to have it compared once more, whatever is going on. */
  let looks = 0
  const lookAgain = (why: string): void => {
    looks += 1
    outdate()
    interrupt(new Interruption(why))
  }
  const forget = broker.onChange((connected) => {
    // Compared before it goes on: after a reconnect the next events may be those of another ledger.
    if (!connected) lookAgain('the broker went away')
  })

  const close = (): void => {
    store?.[Symbol.dispose]()
    store = undefined
  }
  const drop = (why: string): void => {
    logger.warn({ file, why }, 'the view is made anew')
    readable = false
    passed = 0
    close()
    removeDatabase(file)
  }

  const verify = async (signal: AbortSignal): Promise<void> => {
    const difference = await findOtherHistory(opened(), streams, signal)
    if (difference !== undefined) throw new OtherHistory(difference)
  }

  const begin = async (signal: AbortSignal): Promise<void> => {
    await verify(signal)
    if (opened().origin() === undefined) opened().setOrigin(streams.ledger)
    goal = await streams.ledger.lastSeq(signal)
  }

  const project = async (signal: AbortSignal): Promise<void> => {
    const failed = Promise.withResolvers<never>()
    interrupt = failed.reject
    const verified = async (): Promise<void> => {
      while (opened().makeNextIndex()) await nextTurn()
      await verify(signal)
      readable = true
      current = true
    }
    const onCaughtUp = (stream: StreamName): void => {
      caughtUp.add(stream)
      if (caughtUp.size === 2 && !current) verified().catch(failed.reject)
    }
    const interrupted = failed.promise
    const onApplied = (): void => waits.moved()
    const onPassedOver = (seq: number): void => {
      passed = seq
      waits.moved()
    }
    await runProjection({ store: opened(), streams, onCaughtUp, onApplied, onPassedOver, interrupted, signal })
  }

  const followOnce = async (signal: AbortSignal): Promise<void> => {
    await untilConnected(broker, signal)
    const before = looks
    try {
      await begin(signal)
      if (before === looks) await project(signal)
    } catch (error) {
      outdate()
      if (error instanceof OtherHistory || isDamage(error)) drop(describeError(error))
      else if (isDatabaseError(error)) close()
      // What has changed is compared again at once; anything else is tried again by whoever keeps it going.
      if (error instanceof OtherHistory || error instanceof Interruption) return
      throw isDiskFull(error) ? diskFull(file, error) : error
    }
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
    get filling() {
      return { views: store?.origin()?.views, sequence: sequence(), of: goal }
    },
    makeAnew: (views) => {
      if ((store?.origin()?.views ?? 0) < views) lookAgain('a rebuild was ordered')
    },
    follow: async (signal) => {
      for (;;) {
        await followOnce(signal)
        signal.throwIfAborted()
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

async function untilConnected(broker: ViewOptions['broker'], signal: AbortSignal): Promise<void> {
  if (broker.connected) return
  const connected = Promise.withResolvers<void>()
  const forget = broker.onChange((now) => {
    if (now) connected.resolve()
  })
  try {
    await raceAbort(connected.promise, signal)
  } finally {
    forget()
  }
}
