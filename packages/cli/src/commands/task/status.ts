import { findAttempt } from '@orchestrator/client'
import { commandWays, describeAttempt } from '@orchestrator/client/texts'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'
import { withAttemptReference } from './attempt-reference.ts'

interface StatusFlags extends ServerOptions {
  readonly tag?: string
}

export function registerStatus(task: Command, context: CliContext): void {
  const command = task.command('status').description('show one attempt: phase, step, what it does, what it cost')
  withAttemptReference(command).action(async (name: string, taskId: string | undefined, flags: StatusFlags) => {
    const { screen, clock, environment } = context
    const client = await connect(context, flags)
    const attempt = await findAttempt(client, { name, taskId, tag: flags.tag })
    if (flags.output === 'json') screen.print(toJsonLine(attempt))
    else
      screen.print(
        describeAttempt({
          attempt,
          now: clock.now(),
          paint: screen.paint,
          ways: commandWays(environment.ORCHESTRATOR_COMMAND),
        }),
      )
  })
  withExamples(withPager(withServerOptions(command)), context, [
    'task status trader',
    'task status trader 1',
    'task status trader-claude-agent-1-task1-attempt2 -o json',
  ])
}
