import { findAttempt } from '@orchestrator/client'
import { parseDuration } from '@orchestrator/client/texts'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withAttemptReference } from './attempt-reference.ts'
import { waitForEnd } from './wait-for-end.ts'

interface WaitFlags extends ServerOptions {
  readonly tag?: string
  readonly timeout?: string
}

export function registerWait(task: Command, context: CliContext): void {
  const command = task.command('wait').description('show an attempt until it has ended; the exit code says how')
  withAttemptReference(command)
    .option('--timeout <duration>', 'give up after, for example, 90s, 15m or 2h; the attempt goes on')
    .action(async (name: string, taskId: string | undefined, flags: WaitFlags) => {
      const timeoutMs = flags.timeout === undefined ? undefined : parseDuration(flags.timeout)
      const client = await connect(context, flags)
      const attempt = await findAttempt(client, { name, taskId, tag: flags.tag })
      const limit = timeoutMs === undefined ? {} : { timeoutMs }
      await waitForEnd(context, { client, name: attempt.name, output: flags.output, ...limit })
    })
  withExamples(withServerOptions(command), context, [
    'task wait trader',
    'task wait trader 1 --timeout 30m',
    'task wait trader-claude-agent-1-task1-attempt1 -o json',
  ])
}
