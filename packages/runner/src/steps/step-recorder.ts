import type { Step, StepRecord } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { LineLog } from '../ports.ts'

/** Says which step runs, and times it. */
export interface StepRecorder {
  run<T>(step: Step, work: () => Promise<T>): Promise<T>
  /** Begins a step within another one; the returned function ends it. */
  begin(step: Step): (ok: boolean) => void
  /** Tells of a step that is already over and went well. */
  done(step: Step, begun: StepBegun): void
  /** Those that have ended, in the order in which they began. */
  readonly records: readonly StepRecord[]
}

export interface StepBegun {
  readonly startedAt: Date
  readonly sinceMs: number
}

export function createStepRecorder(log: LineLog, clock: Clock): StepRecorder {
  const ended: { readonly sinceMs: number; readonly record: StepRecord }[] = []
  const add = (step: Step, { startedAt, sinceMs }: StepBegun, ok: boolean): void => {
    const durationMs = Math.round(clock.monotonicMs() - sinceMs)
    ended.push({ sinceMs, record: { step, startedAt: startedAt.toISOString(), durationMs, ok } })
  }
  const begin = (step: Step): ((ok: boolean) => void) => {
    const begun = { startedAt: clock.now(), sinceMs: clock.monotonicMs() }
    log.write({ kind: 'step', step })
    return (ok) => add(step, begun, ok)
  }
  return {
    begin,
    done: (step, begun) => {
      log.write({ kind: 'step', step })
      add(step, begun, true)
    },
    run: async (step, work) => {
      const end = begin(step)
      try {
        const value = await work()
        end(true)
        return value
      } catch (error) {
        end(false)
        throw error
      }
    },
    get records() {
      return ended.toSorted((a, b) => a.sinceMs - b.sinceMs).map(({ record }) => record)
    },
  }
}
