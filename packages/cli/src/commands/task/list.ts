import type { Phase } from '@orchestrator/client'
import { commandWays, describeTasks } from '@orchestrator/client/texts'
import { Phase as PhaseSchema } from '@orchestrator/shared/contracts'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, parseCount, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

interface ListFlags extends ServerOptions {
  readonly service?: string
  readonly phase?: Phase
  readonly agent?: string
  readonly tag?: string
  readonly limit: number
  readonly cursor?: string
}

export function registerList(task: Command, context: CliContext): void {
  const command = task
    .command('list')
    .description('list tasks with their latest attempts, most recently submitted first')
    .option('-s, --service <service>', 'only of this service')
    .addOption(new Option('--phase <phase>', 'only in this phase').choices(PhaseSchema.options))
    .option('--agent <agent>', 'only by this agent')
    .option('--tag <tag>', 'only of this task list')
    .option('--limit <count>', 'at most so many', parseCount, 20)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async (flags: ListFlags) => {
      const { service, phase, agent, tag, limit, cursor } = flags
      const client = await connect(context, flags)
      const page = await client.listTasks({ query: { service, phase, agent, tag, limit, cursor } })
      const { screen, clock, environment } = context
      const ways = commandWays(environment.ORCHESTRATOR_COMMAND)
      screen.print(
        flags.output === 'json'
          ? toJsonLine(page)
          : describeTasks({ page, now: clock.now(), paint: screen.paint, ways }),
      )
    })
  withExamples(withServerOptions(command), context, [
    'task list',
    'task list --service trader --phase Failed',
    'task list --limit 100 -o json',
  ])
}
