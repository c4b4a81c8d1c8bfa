/** Whose wish git obeys: while work is done, a stop ends it; while work is saved, only the end of the time given does. */
import { type Clock, isAbort } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import type { Ending } from './ending.ts'

export interface Saving extends AsyncDisposable {
  begin(): void
  end(): void
  /** The same git under whichever signal holds at the call. */
  guard(git: Git): Git
  /** The same for waiting between tries. */
  guardClock(clock: Clock): Clock
}

/** The rest of the grace is for the result. */
const SHARE_OF_GRACE = 0.85

export function createSaving(ending: Ending, graceMs: number, clock: Clock): Saving {
  const tooLate = new AbortController()
  const over = new AbortController()
  let isSaving = false
  const limit = async (): Promise<void> => {
    await clock.sleep(graceMs * SHARE_OF_GRACE, over.signal)
    tooLate.abort(new Error('saving the work took longer than the time given to stop'))
  }
  let limiting: Promise<void> = Promise.resolve()
  const onEnding = (): void => {
    limiting = limit().catch((error: unknown) => {
      if (!isAbort(error, over.signal)) throw error
    })
  }
  ending.signal.addEventListener('abort', onEnding, { once: true })
  const withCurrent = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, isSaving ? tooLate.signal : ending.signal])
  return {
    begin: () => {
      isSaving = true
    },
    end: () => {
      isSaving = false
    },
    guard: (git) => ({ run: async (run) => git.run({ ...run, signal: withCurrent(run.signal) }) }),
    guardClock: (given) => ({
      now: () => given.now(),
      monotonicMs: () => given.monotonicMs(),
      sleep: async (ms, signal) => given.sleep(ms, withCurrent(signal)),
    }),
    [Symbol.asyncDispose]: async () => {
      ending.signal.removeEventListener('abort', onEnding)
      over.abort()
      await limiting
    },
  }
}
