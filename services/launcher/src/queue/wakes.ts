/** Who looks at which workspace, and when: one look at a time for each, none forgotten, none floating. */
import { backoffMs, type Clock, createKeyedQueue, describeError, isAbort } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import type { Rest } from '../reconcile/step-context.ts'

export interface Wakes extends AsyncDisposable {
  /** Looks soon. Wakes that come before the look begins are one. */
  wake(service: string): void
  /** Looks at one after the other, in this order, while `goOn` says so. */
  wakeInOrder(services: readonly string[], goOn: (rest: Rest) => boolean): void
  /** `ok`, or which workspaces cannot be brought forward. */
  check(): string
}

export interface WakesOptions {
  readonly reconcile: (service: string, signal: AbortSignal) => Promise<Rest>
  /** How many workspaces are looked at at the same time. */
  readonly concurrency: number
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

const BACKOFF = { firstMs: 200, maxMs: 30_000 }
/** Each workload has an alarm for its limit, and hardly one ever rings: a reason that is made once costs nothing. */
const REPLACED = new DOMException('another alarm was set', 'AbortError')

export function createWakes({ reconcile, concurrency, clock, random, logger }: WakesOptions): Wakes {
  const stop = new AbortController()
  const queue = createKeyedQueue()
  const places = createPlaces(concurrency)
  const pending = new Set<string>()
  const failures = new Map<string, number>()
  const alarms = new Map<string, AbortController>()
  const running = new Set<Promise<void>>()

  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }

  const look = async (service: string): Promise<Rest> =>
    await queue.run(service, async () => {
      await places.take()
      pending.delete(service)
      try {
        return stop.signal.aborted ? {} : await lookNow(service)
      } finally {
        places.giveBack()
      }
    })

  const lookNow = async (service: string): Promise<Rest> => {
    try {
      const rest = await reconcile(service, stop.signal)
      failures.delete(service)
      setAlarm(service, rest.lookAgainMs)
      return rest
    } catch (error) {
      if (isAbort(error, stop.signal)) return {}
      const tries = (failures.get(service) ?? 0) + 1
      failures.set(service, tries)
      logger.warn({ service, tries, problem: describeError(error) }, 'workspace not reconciled')
      setAlarm(service, backoffMs(tries, BACKOFF, random))
      return {}
    }
  }

  const setAlarm = (service: string, ms: number | undefined): void => {
    alarms.get(service)?.abort(REPLACED)
    alarms.delete(service)
    if (ms === undefined || stop.signal.aborted) return
    const alarm = new AbortController()
    alarms.set(service, alarm)
    track(ring(service, ms, alarm.signal))
  }

  const ring = async (service: string, ms: number, replacedOrStopped: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(ms, replacedOrStopped)
    } catch {
      return
    }
    wake(service)
  }

  const wake = (service: string): void => {
    if (pending.has(service) || stop.signal.aborted) return
    pending.add(service)
    track(look(service).then(() => undefined))
  }

  const inOrder = async (services: readonly string[], goOn: (rest: Rest) => boolean): Promise<void> => {
    for (const service of services) {
      if (stop.signal.aborted || !goOn(await look(service))) return
    }
  }

  return {
    wake,
    wakeInOrder: (services, goOn) => track(inOrder(services, goOn)),
    check: () => {
      const stuck = [...failures].filter(([, tries]) => tries > 2).map(([service]) => service)
      return stuck.length === 0 ? 'ok' : `cannot reconcile ${stuck.slice(0, 5).join(', ')}`
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the launcher stops', 'AbortError'))
      for (const alarm of alarms.values()) alarm.abort(stop.signal.reason)
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}

interface Places {
  take(): Promise<void>
  giveBack(): void
}

/** A bounded number of places; whoever waits longest is next. */
function createPlaces(size: number): Places {
  const waiting: (() => void)[] = []
  let free = size
  return {
    take: async () => {
      if (free === 0) return await new Promise<void>((resolve) => waiting.push(resolve))
      free -= 1
    },
    giveBack: () => {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    },
  }
}
