/** What scripts can rely on. Documented in `--help` and docs/cli.md; numbers are never used again. */
import { ServerError } from '@orchestrator/client'
import type { Phase } from '@orchestrator/shared/contracts'
import { OrchestratorError } from '@orchestrator/shared/core'

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  stopped: 4,
  timedOut: 5,
  unknown: 6,
  waitedEnough: 7,
  notFound: 8,
  conflict: 9,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export type ExitName = keyof typeof EXIT

/** The lowest code first. */
export const EXIT_NAMES = [
  'ok',
  'failed',
  'usage',
  'unreachable',
  'stopped',
  'timedOut',
  'unknown',
  'waitedEnough',
  'notFound',
  'conflict',
  'interrupted',
] as const satisfies readonly ExitName[]

/** What each means, for people. */
export const EXIT_TEXTS: Readonly<Record<ExitName, string>> = {
  ok: 'succeeded, or done',
  failed: 'the attempt failed; a check failed; an error of the program itself',
  usage: 'wrong use, or input that was refused',
  unreachable: 'no server can be reached, or it is not ready',
  stopped: 'the attempt was stopped',
  timedOut: 'the attempt ran out of time',
  unknown: 'how the attempt ended is unknown',
  waitedEnough: 'the time given by --timeout has passed; the attempt goes on',
  notFound: 'there is no such attempt, task, log, token or dead letter',
  conflict: 'conflict with what is there: key used for another request, attempt not the latest, nothing to release',
  interrupted: 'interrupted by Ctrl-C; a running attempt is left alone',
}

/** How an attempt ended; what only a newer server knows is not known. */
export function exitCodeOfPhase(phase: Phase): ExitCode {
  switch (phase) {
    case 'Failed':
      return EXIT.failed
    case 'Stopped':
      return EXIT.stopped
    case 'TimedOut':
      return EXIT.timedOut
    case 'Succeeded':
      return EXIT.ok
    default:
      return EXIT.unknown
  }
}

export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof ServerError) return exitCodeOfStatus(error.problem.status)
  if (!(error instanceof OrchestratorError)) return EXIT.failed
  if (error.code === 'SERVER_UNREACHABLE') return EXIT.unreachable
  if (error.code === 'NOT_FOUND') return EXIT.notFound
  if (error.code === 'NOTHING_TO_RELEASE') return EXIT.conflict
  return ['INPUT_INVALID', 'CONFIG_INVALID', 'SETTINGS_INVALID'].includes(error.code) ? EXIT.usage : EXIT.failed
}

function exitCodeOfStatus(status: number): ExitCode {
  if (status === 404 || status === 410) return EXIT.notFound
  if (status === 409) return EXIT.conflict
  return status === 429 || status >= 500 ? EXIT.unreachable : EXIT.usage
}
