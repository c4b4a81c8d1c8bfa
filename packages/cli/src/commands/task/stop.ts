import { type Attempt, findAttempt } from '@orchestrator/client'
import { commandWays, describeStop } from '@orchestrator/client/texts'
import { isTerminal } from '@orchestrator/shared/contracts'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { confirm, type Question } from '../confirm.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withAttemptReference } from './attempt-reference.ts'

interface StopFlags extends ServerOptions {
  readonly tag?: string
  readonly note?: string
  readonly yes?: boolean
}

export function registerStop(task: Command, context: CliContext): void {
  const command = task.command('stop').description('stop an attempt; its commits, branch and workspace are kept')
  withAttemptReference(command)
    .option('--note <text>', 'why, for the others')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, taskId: string | undefined, flags: StopFlags) => {
      const client = await connect(context, flags)
      const attempt = await findAttempt(client, { name, taskId, tag: flags.tag })
      if (flags.yes !== true && !isTerminal(attempt.phase)) await confirm(context, question(attempt))
      const answer = await client.stopAttempt({ path: { name: attempt.name }, body: { note: flags.note } })
      const { screen, environment } = context
      if (flags.output === 'json') return screen.print(toJsonLine(answer))
      screen.print(describeStop({ answer, attempt, ways: commandWays(environment.ORCHESTRATOR_COMMAND) }))
    })
  withExamples(withServerOptions(command), context, [
    'task stop trader --note "we change the architecture"',
    'task stop trader-claude-agent-1-task1-attempt1 --yes',
  ])
}

function question({ name, phase }: Attempt): Question {
  const text = `Stop ${name} (${phase})? Its commits, branch and workspace are kept.`
  return { text, doing: `stopping ${name}`, refused: 'not stopped' }
}
