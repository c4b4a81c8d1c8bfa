import { createEvent, newEventId, progressSubject } from '@orchestrator/shared/contracts'
import { type Clock, describeError } from '@orchestrator/shared/core'
import type { Progress } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { StartedAttempt } from '../started-attempt.ts'
import { foldLine, NO_PROGRESS, type RunnerProgress } from './fold-progress.ts'
import { progressDueInMs, type ToldProgress } from './progress-pace.ts'

export interface ProgressTellerOptions {
  readonly attempt: StartedAttempt
  readonly progress: Pick<Progress, 'publish'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Tells how one attempt gets on. Best effort: what could not be told is told with the next news. */
export class ProgressTeller {
  readonly #options: ProgressTellerOptions
  #current: RunnerProgress = NO_PROGRESS
  #begun = false
  #told: ToldProgress | undefined

  constructor(options: ProgressTellerOptions) {
    this.#options = options
  }

  /** The first line of a runner that was let go means `Running`. */
  see(line: object): void {
    this.#begun = true
    this.#current = foldLine(this.#current, line)
  }

  /** What was told is told once more, with the next call of {@link tell}: somebody may have lost it. */
  tellAgain(): void {
    this.#told = undefined
  }

  /**
   * Publishes what is due.
   * @param line last line of the log in the stream
   * @returns when to call again, `undefined` for when something happens
   */
  async tell(line: number): Promise<number | undefined> {
    if (!this.#begun) return undefined
    const nowMs = this.#options.clock.monotonicMs()
    const dueInMs = progressDueInMs(this.#told, { progress: this.#current, line }, nowMs)
    if (dueInMs !== 0) return dueInMs
    this.#told = { progress: this.#current, line, atMs: nowMs }
    await this.#publish(line)
    return undefined
  }

  async #publish(line: number): Promise<void> {
    const { attempt, progress, clock, logger } = this.#options
    const event = createEvent({
      id: newEventId(),
      type: 'attempt.progressed',
      source: 'watcher',
      subject: attempt.name,
      time: clock.now(),
      data: { name: attempt.name, phase: 'Running', ...present(this.#current), line },
    })
    try {
      await progress.publish(progressSubject(attempt.ref), event)
    } catch (error) {
      logger.warn({ attempt: attempt.name, problem: describeError(error) }, 'progress not told')
    }
  }
}

interface TellableProgress {
  step?: NonNullable<RunnerProgress['step']>
  message?: string
  usage?: NonNullable<RunnerProgress['usage']>
  lastText?: string
  lastActions: string[]
}

function present({ step, message, usage, lastText, lastActions }: RunnerProgress): TellableProgress {
  return {
    ...(step === undefined ? {} : { step }),
    ...(message === undefined ? {} : { message }),
    ...(usage === undefined ? {} : { usage }),
    ...(lastText === undefined ? {} : { lastText }),
    lastActions: [...lastActions],
  }
}
