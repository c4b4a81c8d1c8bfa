import { LogEndLine, LogGapLine, RunnerLine } from '@orchestrator/shared/contracts'
import { printable, printableLine } from '@orchestrator/shared/core'
/** Lines of an attempt's log as people read them. Pure. */
import { z } from 'zod'
import { describeUsage, plural } from './describe-attempt.ts'
import { formatDuration } from './duration.ts'
import type { Paint } from './paint.ts'

export const LogLine = z.discriminatedUnion('kind', [...RunnerLine.options, LogGapLine, LogEndLine])
export type LogLine = z.infer<typeof LogLine>

/** `undefined` for a line of another release: shown as it is. */
export function parseLogLine(line: unknown): LogLine | undefined {
  return LogLine.safeParse(line).data
}

/** `undefined`: nothing that a reader misses. */
export function formatLogLine(line: LogLine, paint: Paint): string | undefined {
  if (line.kind === 'gap') return paint('yellow', `-- lines ${line.first} to ${line.last} are missing --`)
  if (line.kind === 'end')
    return paint(
      'dim',
      `-- end of the log: ${plural(line.lines, 'line')}${line.gaps > 0 ? `, ${plural(line.gaps, 'gap')}` : ''} --`,
    )
  const text = textOf(line, paint)
  return text === undefined
    ? undefined
    : `${paint('dim', line.time.slice(11, 19))} ${text.replaceAll('\n', '\n         ')}`
}

function textOf(line: RunnerLine, paint: Paint): string | undefined {
  switch (line.kind) {
    case 'step':
      return paint('bold', `== ${line.step}${line.message === undefined ? '' : `: ${printableLine(line.message)}`}`)
    case 'note':
      return noteOf(line, paint)
    case 'output':
      return printable(line.text) + (line.cut === undefined ? '' : paint('yellow', ` [${line.cut} bytes cut]`))
    case 'text':
      return `> ${printable(line.text)}`
    case 'tool':
      return `$ ${printableLine(line.tool)} ${printableLine(line.summary)}${line.ok === false ? paint('red', ' (failed)') : ''}${took(line.durationMs)}`
    case 'usage':
      return undefined
    case 'git':
      return `git ${line.operation} (${line.repository}) ${line.ok ? 'ok' : paint('red', `failed${colon(line.problem)}`)}${took(line.durationMs)}`
    case 'test':
      return `test ${printableLine(line.command)} ${line.exitCode === 0 ? paint('green', 'exited 0') : paint('red', `exited ${line.exitCode ?? 'by a signal'}`)}${took(line.durationMs)}`
    case 'gate':
      return `gate ${printableLine(line.name)} ${line.passed ? paint('green', 'passed') : paint('red', line.timedOut ? 'timed out' : `failed with ${line.exitCode ?? 'a signal'}`)}${took(line.durationMs)}`
    case 'flag':
      return paint('yellow', `flag ${printableLine(line.flag)}: ${printableLine(line.detail)}`)
    case 'claim-lost':
      return paint('yellow', `another runner owns this attempt: ${printableLine(line.holder)}`)
    case 'summary':
      return paint(
        'bold',
        `${printableLine(line.outcome)}: ${printableLine(line.reason)}: ${printableLine(line.message)}`,
      )
  }
}

function noteOf({ level, text }: Extract<RunnerLine, { kind: 'note' }>, paint: Paint): string {
  if (level === 'info') return printable(text)
  return paint(level === 'warning' ? 'yellow' : 'red', `${level}: ${printable(text)}`)
}

function took(ms: number | undefined): string {
  return ms === undefined || ms < 1_000 ? '' : ` in ${formatDuration(ms)}`
}

function colon(text: string | undefined): string {
  return text === undefined ? '' : `: ${printableLine(text)}`
}

/** What the log tells of the running attempt, gathered line by line. */
export interface LogState {
  readonly step: string | undefined
  readonly firstTime: Date | undefined
  readonly usage: string | undefined
}

export const NO_LOG_STATE: LogState = { step: undefined, firstTime: undefined, usage: undefined }

export function nextLogState(state: LogState, line: LogLine): LogState {
  if (line.kind === 'gap' || line.kind === 'end') return state
  const firstTime = state.firstTime ?? new Date(line.time)
  if (line.kind === 'step') return { ...state, firstTime, step: line.step }
  return line.kind === 'usage' ? { ...state, firstTime, usage: describeUsage(line.usage) } : { ...state, firstTime }
}
