import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { describeLetter } from '../../output/describe-dead-letter.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'

export function registerShow(letters: Command, context: CliContext): void {
  const command = letters
    .command('show')
    .description('show one dead letter, the message that it names, and what to do')
    .argument('<sequence>', 'number of the letter, as the list shows it')
    .action(async (sequence: string, flags: ServerOptions) => {
      const { screen, clock, environment } = context
      const client = await connect(context, flags)
      const letter = await client.getDeadLetter({ path: { sequence } })
      const text = { letter, now: clock.now(), paint: screen.paint, command: environment.ORCHESTRATOR_COMMAND }
      screen.print(flags.output === 'json' ? toJsonLine(letter) : describeLetter(text))
    })
  withExamples(withPager(withServerOptions(command)), context, ['deadletters show 7', 'deadletters show 7 -o json'])
}
