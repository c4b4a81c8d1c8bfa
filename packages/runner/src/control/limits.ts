/** The limits of an attempt on the runner's own monotonic clock. */
import type { Limits, Usage } from '@orchestrator/shared/contracts'
import { type Clock, isAbort } from '@orchestrator/shared/core'
import type { Ending, EndingCause } from './ending.ts'

const MINUTE_MS = 60_000

export interface Watchdog extends AsyncDisposable {
  /** A sign of life. */
  touch(): void
}

interface WatchdogOptions {
  readonly clock: Clock
  readonly limitMs: number
  readonly onExpired: () => void
}

/** Calls `onExpired` once when nothing was heard for `limitMs`; disposing ends it. */
function startWatchdog({ clock, limitMs, onExpired }: WatchdogOptions): Watchdog {
  const controller = new AbortController()
  let heardAt = clock.monotonicMs()
  const watch = async (): Promise<void> => {
    for (let restMs = limitMs; restMs > 0; restMs = heardAt + limitMs - clock.monotonicMs()) {
      await clock.sleep(Math.ceil(restMs), controller.signal)
    }
    onExpired()
  }
  const watching = watch().catch((error: unknown) => {
    if (!isAbort(error, controller.signal)) throw error
  })
  return {
    touch: () => {
      heardAt = clock.monotonicMs()
    },
    [Symbol.asyncDispose]: async () => {
      controller.abort()
      await watching
    },
  }
}

/** From now on the attempt ends when its time is over. */
export function startDeadline(ending: Ending, minutes: number, clock: Clock): AsyncDisposable {
  const onExpired = (): void => ending.end({ kind: 'deadline', minutes })
  return startWatchdog({ clock, limitMs: minutes * MINUTE_MS, onExpired })
}

/** Lives while the agent runs. */
export function startIdleWatchdog(ending: Ending, minutes: number, clock: Clock): Watchdog {
  const onExpired = (): void => ending.end({ kind: 'idle', minutes })
  return startWatchdog({ clock, limitMs: minutes * MINUTE_MS, onExpired })
}

/** A budget is reached at its amount; turns are when one more than allowed was taken, so the last one may be used. */
export function limitReached({ usd, turns }: Limits, usage: Usage): EndingCause | undefined {
  if (usd !== null && usage.costUsd !== null && usage.costUsd >= usd)
    return { kind: 'budget', limitUsd: usd, costUsd: usage.costUsd }
  if (turns !== null && usage.turns > turns) return { kind: 'turns', limit: turns, turns: usage.turns }
  return undefined
}
