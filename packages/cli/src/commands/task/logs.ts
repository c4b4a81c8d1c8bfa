import { findAttempt, type LogLine } from '@orchestrator/client'
import {
  formatDuration,
  formatLogLine,
  type LogState,
  nextLogState,
  NO_LOG_STATE,
  parseLogLine,
} from '@orchestrator/client/texts'
import { raceAbort } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, parseCount, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'
import { withAttemptReference } from './attempt-reference.ts'

interface LogsFlags extends ServerOptions {
  readonly tag?: string
  readonly follow?: boolean
  readonly fromLine: number
  readonly raw?: boolean
}

export function registerLogs(task: Command, context: CliContext): void {
  const command = task.command('logs').description('show the log of an attempt, running or long ended')
  withAttemptReference(command)
    .option('-f, --follow', 'go on until the attempt has ended')
    .option('--from-line <n>', 'begin with this line', parseCount, 1)
    .option('--raw', 'lines as they were written: one JSON document each (also -o json)')
    .action(async (name: string, taskId: string | undefined, flags: LogsFlags) => {
      await showLog(context, { name, taskId, tag: flags.tag }, flags)
    })
  withExamples(withPager(withServerOptions(command)), context, [
    'task logs trader -f',
    'task logs trader 1 --from-line 200',
    'task logs trader-claude-agent-1-task1-attempt1 --raw > attempt.ndjson',
  ])
}

interface Named {
  readonly name: string
  readonly taskId: string | undefined
  readonly tag: string | undefined
}

async function showLog(context: CliContext, named: Named, flags: LogsFlags): Promise<void> {
  const { screen, signal } = context
  const client = await connect(context, flags)
  const attempt = await findAttempt(client, named)
  const follow = flags.follow === true
  const raw = flags.raw === true || flags.output === 'json'
  const onTrouble = (): void => screen.warn('The server does not answer; trying again for a while.')
  const print: LinePrinter = raw
    ? (line) => screen.print(toJsonLine(line))
    : createLinePrinter(context, follow ? attempt.name : undefined)
  try {
    for await (const line of client.logs(attempt.name, { fromLine: flags.fromLine, follow, onTrouble })) {
      print(line)
      await raceAbort(screen.room(), signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    context.exitWith(EXIT.interrupted)
  } finally {
    screen.show([])
  }
}

type LinePrinter = (line: LogLine) => void

/** Prints lines for people, above a status line while the attempt is `followed`. */
function createLinePrinter({ screen, clock }: CliContext, followed: string | undefined): LinePrinter {
  let state: LogState = NO_LOG_STATE
  return (written) => {
    const line = parseLogLine(written)
    const text = line === undefined ? toJsonLine(written) : formatLogLine(line, screen.paint)
    if (text !== undefined) screen.print(text)
    if (line === undefined || followed === undefined) return
    state = nextLogState(state, line)
    const since =
      state.firstTime === undefined ? undefined : formatDuration(clock.now().getTime() - state.firstTime.getTime())
    const facts = [state.step, since, state.usage].filter((fact) => fact !== undefined)
    screen.show([`${screen.paint('cyan', facts.join(' · '))}  ${screen.paint('dim', followed)}`])
  }
}
