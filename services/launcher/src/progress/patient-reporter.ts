import type { Clock } from '@orchestrator/shared/core'
import type { ProgressReporter, Report } from './progress-reporter.ts'

/** Long enough that an attempt that starts at once is not said to start, short enough that nobody waits for the word. */
const HOLD_MS = 50

/**
 * Says only what lasts: a report that is replaced or forgotten within a moment is never said, so that an attempt which
 * waits for nothing costs no message.
 */
export function createPatientReporter(reporter: ProgressReporter, clock: Clock): ProgressReporter & AsyncDisposable {
  const stop = new AbortController()
  const held = new Map<string, Report>()
  let saying: Promise<void> | undefined

  const sayHeld = async (): Promise<void> => {
    await clock.sleep(HOLD_MS, stop.signal).catch(() => undefined)
    saying = undefined
    const reports = [...held.values()]
    held.clear()
    await reporter.report(reports)
  }

  return {
    report: async (reports) => {
      for (const report of reports) held.set(report.entry.submittedId, report)
      if (held.size > 0 && !stop.signal.aborted) saying ??= sayHeld()
    },
    forget: (submittedId) => {
      held.delete(submittedId)
      reporter.forget(submittedId)
    },
    sayAgain: () => reporter.sayAgain(),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the launcher stops', 'AbortError'))
      await saying
    },
  }
}
