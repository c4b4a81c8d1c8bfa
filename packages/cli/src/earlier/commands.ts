/** Commands of earlier users: each runs today's, or says what to do instead. */
import { TerminalError } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import type { CliContext } from '../context.ts'
import { EARLIER_COMMANDS, type EarlierCommand } from './table.ts'

/** Runs a command line from its beginning. */
export type RunAgain = (args: readonly string[]) => Promise<void>

export function isEarlierCommand(path: readonly string[]): boolean {
  return EARLIER_COMMANDS.some((earlier) => earlier.path.join(' ') === path.join(' '))
}

export function addEarlierCommands(program: Command, context: CliContext, runAgain: RunAgain): void {
  for (const earlier of EARLIER_COMMANDS) addEarlierCommand(program, earlier, { context, runAgain })
}

interface Running {
  readonly context: CliContext
  readonly runAgain: RunAgain
}

function addEarlierCommand(program: Command, earlier: EarlierCommand, { context, runAgain }: Running): void {
  const { path, now, positional = [], instead } = earlier
  const command = groupOf(program, path.slice(0, -1))
    .command(path.at(-1) ?? '', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
  const options = positional.map((flags) => new Option(`${flags} <value>`))
  for (const option of options) command.addOption(option)
  command.action(async (words: readonly string[]) => {
    if (now === undefined)
      throw new TerminalError('INPUT_INVALID', `"${path.join(' ')}" is no command of this version: ${instead}`)
    const values = options.map((option) => textOf(command.getOptionValue(option.attributeName()), option))
    const line = [...now, ...values, ...givenBefore(command), ...words]
    context.screen.warn(`"${path.join(' ')}" is "${now.join(' ')}" now.`)
    await runAgain(line)
  })
}

function groupOf(program: Command, path: readonly string[]): Command {
  return path.reduce(
    (group, name) =>
      group.commands.find((each) => each.name() === name) ?? group.command(name, { hidden: true }).helpOption(false),
    program,
  )
}

/** @throws TerminalError INPUT_INVALID when it was left out */
function textOf(value: unknown, { long, short }: Option): string {
  if (typeof value === 'string') return value
  throw new TerminalError('INPUT_INVALID', `${long ?? short} is required`)
}

/** Flags that stood before the command, as they were typed. */
function givenBefore(command: Command): readonly string[] {
  const words: string[] = []
  for (let each = command.parent; each !== null; each = each.parent) {
    const group = each
    words.push(
      ...group.options
        .filter((option) => group.getOptionValueSource(option.attributeName()) === 'cli')
        .flatMap((option) => wordsOf(option, group.getOptionValue(option.attributeName()))),
    )
  }
  return words
}

function wordsOf({ long, negate, required }: Option, value: unknown): readonly string[] {
  if (long === undefined || (value === false) !== negate) return []
  return required ? [`${long}=${String(value)}`] : [long]
}
