import { TerminalError } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import { VARIABLES } from '../config.ts'
import type { CliContext } from '../context.ts'
import { allPages, describeCommand } from '../reference/describe-command.ts'
import { toRoff } from '../reference/roff.ts'
import { withExamples } from './options.ts'
import { withPager } from './paging.ts'

export function registerMan(program: Command, context: CliContext): void {
  const command = program
    .command('man')
    .description('print the manual page of the program, or of one command, for man(1)')
    .argument('[command...]', 'this command alone, for example: task submit')
    .action((path: readonly string[]) => {
      const page = allPages(describeCommand(program)).find((each) => each.path.join(' ') === path.join(' '))
      if (page === undefined)
        throw new TerminalError('INPUT_INVALID', `there is no command "${path.join(' ')}": --help lists them`)
      context.screen.print(toRoff(page, VARIABLES).trimEnd())
    })
  withExamples(withPager(command), context, [
    'man > ~/.local/share/man/man1/orchestrator.1',
    'man task submit > task-submit.1',
  ])
}
