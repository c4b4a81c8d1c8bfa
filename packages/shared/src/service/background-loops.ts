import { backoffMs, type Clock, describeError, isAbort, isRetryable } from '../core/index.ts'
import type { Logger } from './logger.ts'

export interface BackgroundLoops extends AsyncDisposable {
  /**
   * Starts work that is meant to last as long as the service. It is started again, with backoff, when it ends or fails
   * in a way worth another try, and shows in `checks` meanwhile; a terminal error rejects `failed`.
   */
  start(name: string, work: (signal: AbortSignal) => Promise<void>): void
  checks(): Record<string, string>
  readonly failed: Promise<never>
}

export interface BackgroundLoopsOptions {
  readonly logger: Logger
  readonly clock: Clock
}

const BACKOFF = { firstMs: 100, maxMs: 10_000 }
/** Work that lasted this long has recovered: its next failure starts at the first delay again. */
const STEADY_MS = 60_000

/** Owns every loop of a service: none floats, none dies unseen. Disposing aborts them and waits for their end. */
export function createBackgroundLoops({ logger, clock }: BackgroundLoopsOptions): BackgroundLoops {
  const stop = new AbortController()
  const states = new Map<string, string>()
  const running: Promise<void>[] = []
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined) // whoever awaits `failed` sees it; nobody has to

  const supervise = async (name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    let tries = 0
    while (!stop.signal.aborted) {
      const startedAt = clock.monotonicMs()
      const problem = await attempt(work)
      if (stop.signal.aborted) return
      if (problem !== undefined && !isRetryable(problem)) {
        failure.reject(problem)
        return
      }
      tries = clock.monotonicMs() - startedAt > STEADY_MS ? 1 : tries + 1
      states.set(name, problem === undefined ? 'restarting' : describeError(problem))
      logger.warn({ loop: name, tries, err: problem }, 'background loop restarts')
      await pause(backoffMs(tries, BACKOFF))
    }
  }

  const attempt = async (work: (signal: AbortSignal) => Promise<void>): Promise<unknown> => {
    try {
      await work(stop.signal)
      return undefined
    } catch (error) {
      return isAbort(error, stop.signal) ? undefined : error
    }
  }

  const pause = async (ms: number): Promise<void> => {
    try {
      await clock.sleep(ms, stop.signal)
    } catch (error) {
      if (!isAbort(error, stop.signal)) throw error
    }
  }

  return {
    start: (name, work) => {
      states.set(name, 'ok')
      running.push(
        supervise(name, async (signal) => {
          states.set(name, 'ok')
          await work(signal)
        }),
      )
    },
    checks: () => Object.fromEntries(states),
    failed: failure.promise,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the service stops', 'AbortError'))
      await Promise.all(running)
    },
  }
}
