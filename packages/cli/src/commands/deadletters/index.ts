import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { withExamples } from '../options.ts'
import { registerList } from './list.ts'
import { registerReplay } from './replay.ts'
import { registerShow } from './show.ts'

export function registerDeadLetters(program: Command, context: CliContext): void {
  const letters = program
    .command('deadletters')
    .description('look at what a service could not handle, and have it handled again')
  withExamples(letters, context, ['deadletters list --state open', 'deadletters show 7', 'deadletters replay 7'])
  for (const register of [registerList, registerShow, registerReplay]) register(letters, context)
}
