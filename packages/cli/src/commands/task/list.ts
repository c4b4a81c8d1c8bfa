import type { Phase } from '@orchestrator/client'
import { commandWays, describeTasks, parseAgo } from '@orchestrator/client/texts'
import { Phase as PhaseSchema } from '@orchestrator/shared/contracts'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, parseCount, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'

interface ListFlags extends ServerOptions {
  readonly service?: string
  readonly phase?: Phase
  readonly agent?: string
  readonly tag?: string
  readonly since?: string
  readonly until?: string
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
    .option('--since <when>', 'only attempts submitted since a time, or so long ago: 24h, 7d')
    .option('--until <when>', 'only attempts submitted before that')
    .option('--limit <count>', 'at most so many', parseCount, 20)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async (flags: ListFlags) => {
      const { service, phase, agent, tag, limit, cursor } = flags
      const now = context.clock.now()
      const [since, until] = [flags.since, flags.until].map((when) =>
        when === undefined ? undefined : parseAgo(when, now),
      )
      const client = await connect(context, flags)
      const page = await client.listTasks({ query: { service, phase, agent, tag, since, until, limit, cursor } })
      const { screen, clock, environment } = context
      const ways = commandWays(environment.ORCHESTRATOR_COMMAND)
      screen.print(
        flags.output === 'json'
          ? toJsonLine(page)
          : describeTasks({ page, now: clock.now(), paint: screen.paint, ways }),
      )
    })
  withExamples(withPager(withServerOptions(command)), context, [
    'task list',
    'task list --service trader --phase Failed',
    'task list --since 24h',
    'task list --since 2026-03-02T09:00:00Z --until 2026-03-09T09:00:00Z',
    'task list --limit 100 -o json',
  ])
}
