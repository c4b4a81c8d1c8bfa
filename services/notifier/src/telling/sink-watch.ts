import type { Clock } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import type { Channel } from '../channels/port.ts'
import { allowedCalls, NO_PAUSE, type Pause, pauseAfter, type Unavailable } from './pause.ts'

/** A sink as its answers show it, and the time that they take. */
export interface SinkWatch {
  /** Tells the sink, and notes what comes of it: any answer proves that it is there. */
  readonly channel: Channel
  /** How many calls may be under way now. */
  allowedCalls(): number
  /** It takes long, or nothing: whoever waited for it would hold up the events of other channels. */
  isSlow(): boolean
  /** It takes nothing now: the channel pauses. */
  unavailable(found: Pick<Unavailable, 'reason' | 'retryAfterMs'>): void
  /** `ok`, or why it is not told. */
  status(): string
}

export interface SinkWatchOptions {
  readonly channel: Channel
  /** Calls under way at the same time while all is well. */
  readonly concurrency: number
  /** A call that takes longer is slow. */
  readonly patienceMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

export function watchSink(options: SinkWatchOptions): SinkWatch {
  const { channel, concurrency, patienceMs, clock, random, logger } = options
  let pause: Pause = NO_PAUSE
  let lastCallMs = 0
  const tell: Channel['tell'] = async (telling, signal) => {
    const startedMs = clock.monotonicMs()
    const told = await channel.tell(telling, signal)
    lastCallMs = clock.monotonicMs() - startedMs
    if (told === 'delivered' || 'rejected' in told) pause = NO_PAUSE
    return told
  }
  return {
    channel: { ...channel, tell },
    allowedCalls: () => allowedCalls(pause, clock.monotonicMs(), concurrency),
    isSlow: () => lastCallMs > patienceMs || pause.failures > 0,
    unavailable: (found) => {
      pause = pauseAfter(pause, { ...found, nowMs: clock.monotonicMs(), random })
      const pauseMs = Math.round(pause.untilMs - clock.monotonicMs())
      logger.warn({ channel: channel.name, reason: found.reason, failures: pause.failures, pauseMs }, 'channel pauses')
    },
    status: () => (pause.failures === 0 ? 'ok' : `paused: ${pause.reason}`),
  }
}
