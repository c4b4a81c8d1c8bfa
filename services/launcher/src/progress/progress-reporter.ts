import {
  type AttemptProgressed,
  createEvent,
  newEventId,
  progressSubject,
  type QueueEntry,
} from '@orchestrator/shared/contracts'
import { canonicalJson, type Clock, describeError } from '@orchestrator/shared/core'
import type { Progress } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import { remember } from '../memory/remember.ts'

export type ProgressData = Omit<AttemptProgressed['data'], 'name'>

export interface Report {
  readonly entry: Pick<QueueEntry, 'service' | 'tag' | 'taskId' | 'n' | 'name' | 'submittedId'>
  readonly data: ProgressData
}

/** Says where attempts stand, to people: only what changed, best effort, never in the way of the work. */
export interface ProgressReporter {
  report(reports: readonly Report[]): Promise<void>
  forget(submittedId: string): void
  /** What was said is said once more when it is reported again: somebody may have lost it. */
  sayAgain(): void
}

export interface ProgressReporterOptions {
  readonly progress: Progress
  readonly clock: Clock
  readonly logger: Logger
}

export function createProgressReporter({ progress, clock, logger }: ProgressReporterOptions): ProgressReporter {
  const said = new Map<string, string>()

  const say = async ({ entry, data }: Report): Promise<void> => {
    const text = canonicalJson(data)
    if (said.get(entry.submittedId) === text) return
    try {
      await progress.publish(progressSubject(entry), toEvent(entry.name, data, clock))
      remember(said, entry.submittedId, text)
    } catch (error) {
      logger.debug({ attempt: entry.name, problem: describeError(error) }, 'progress not published')
    }
  }

  return {
    report: async (reports) => {
      await Promise.all(reports.map(say))
    },
    forget: (submittedId) => void said.delete(submittedId),
    sayAgain: () => said.clear(),
  }
}

function toEvent(name: string, data: ProgressData, clock: Clock): AttemptProgressed {
  return createEvent({
    id: newEventId(),
    type: 'attempt.progressed',
    source: 'launcher',
    subject: name,
    time: clock.now(),
    data: { ...data, name },
  })
}
