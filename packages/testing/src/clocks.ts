import type { Clock } from '@orchestrator/shared/core'

export interface TestClock extends Clock {
  /** Lets time pass: sleeps that end by then are woken, in order. */
  advance(ms: number): Promise<void>
  /** Moves what `now` says, as a clock that is set does; sleeps and `monotonicMs` do not notice. */
  jump(ms: number): void
  /** How many sleeps wait. */
  readonly sleeping: number
}

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/** Time that stands still until a test moves it. */
export function createTestClock(start = new Date('2026-01-01T00:00:00Z')): TestClock {
  let elapsed = 0
  let wall = start.getTime()
  const sleepers = new Set<Sleeper>()

  const wakeNext = (limit: number): boolean => {
    const next = [...sleepers].toSorted((a, b) => a.until - b.until)[0]
    if (next === undefined || next.until > limit) return false
    elapsed = Math.max(elapsed, next.until)
    sleepers.delete(next)
    next.wake()
    return true
  }

  return {
    now: () => new Date(wall + elapsed),
    monotonicMs: () => elapsed,
    sleep: (ms, signal) => {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const sleeper: Sleeper = { until: elapsed + ms, wake: resolve }
      sleepers.add(sleeper)
      const onAbort = (): void => {
        sleepers.delete(sleeper)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      return promise.finally(() => signal.removeEventListener('abort', onAbort))
    },
    advance: async (ms) => {
      const limit = elapsed + ms
      // A woken sleeper may sleep again within the span: let it run before the next is chosen.
      while (wakeNext(limit)) await new Promise(setImmediate)
      elapsed = limit
      await new Promise(setImmediate)
    },
    jump: (ms) => {
      wall += ms
    },
    get sleeping() {
      return sleepers.size
    },
  }
}
