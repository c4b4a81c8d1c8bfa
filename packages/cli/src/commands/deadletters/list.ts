import type { DeadLetterState } from '@orchestrator/client'
import { DeadLetterState as States } from '@orchestrator/shared/contracts'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { describeLetters } from '../../output/describe-dead-letter.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, parseCount, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'

interface ListFlags extends ServerOptions {
  readonly durable?: string
  readonly state?: DeadLetterState
  readonly limit: number
  readonly cursor?: string
}

export function registerList(letters: Command, context: CliContext): void {
  const command = letters
    .command('list')
    .description('list dead letters, newest first, with how each stands')
    .option('--durable <name>', 'only of this durable: launcher, notifier')
    .addOption(new Option('--state <state>', 'only in this state').choices(States.options))
    .option('--limit <count>', 'at most so many', parseCount, 20)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async (flags: ListFlags) => {
      const { durable, state, limit, cursor } = flags
      const client = await connect(context, flags)
      const page = await client.listDeadLetters({ query: { durable, state, limit, cursor } })
      const { screen, clock, environment } = context
      const text = { page, now: clock.now(), paint: screen.paint, command: environment.ORCHESTRATOR_COMMAND }
      screen.print(flags.output === 'json' ? toJsonLine(page) : describeLetters(text))
    })
  withExamples(withPager(withServerOptions(command)), context, [
    'deadletters list',
    'deadletters list --durable notifier --state open',
    'deadletters list --limit 200 -o json',
  ])
}
