import type { GitOperation } from '@orchestrator/shared/contracts'
import { backoffMs, type Clock, describeError, hasCode } from '@orchestrator/shared/core'
import type { LineLog } from '../ports.ts'

type Repository = GitOperation['repository']
type Operation = GitOperation['operation']

/** Times what is done with git, tells the log, and keeps the list for the result. */
export interface Recorder {
  readonly operations: readonly GitOperation[]
  record<T>(repository: Repository, operation: Operation, work: () => Promise<T>): Promise<T>
  /** As `record`; a remote that is away for a moment is tried three times, each try recorded. */
  recordRemote<T>(repository: Repository, operation: Operation, work: () => Promise<T>): Promise<T>
  note(level: 'info' | 'warning', text: string): void
}

export interface RecorderDependencies {
  readonly log: LineLog
  readonly clock: Clock
  readonly signal: AbortSignal
}

const TRIES = 3
const PROBLEM_MAX = 1000

export function createRecorder({ log, clock, signal }: RecorderDependencies): Recorder {
  const operations: GitOperation[] = []
  const record = async <T>(repository: Repository, operation: Operation, work: () => Promise<T>): Promise<T> => {
    const begin = clock.monotonicMs()
    const end = (outcome: { ok: boolean; problem?: string }): void => {
      const done: GitOperation = {
        repository,
        operation,
        durationMs: Math.max(0, Math.round(clock.monotonicMs() - begin)),
        ...outcome,
      }
      operations.push(done)
      log.write({ kind: 'git', ...done })
    }
    try {
      const value = await work()
      end({ ok: true })
      return value
    } catch (error) {
      end({ ok: false, problem: describeError(error).slice(0, PROBLEM_MAX) })
      throw error
    }
  }
  return {
    operations,
    record,
    recordRemote: async (repository, operation, work) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await record(repository, operation, work)
        } catch (error) {
          if (tries >= TRIES || !hasCode(error, 'GIT_UNAVAILABLE')) throw error
          await clock.sleep(backoffMs(tries, { firstMs: 1000, maxMs: 5000 }), signal)
        }
      }
    },
    note: (level, text) => {
      log.write({ kind: 'note', level, text })
    },
  }
}
