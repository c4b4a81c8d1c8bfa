/** A command as data: what its page, its manual and its completion are made from. Pure. */
import type { Argument, Command, Option } from 'commander'
import { examplesOf } from '../commands/options.ts'
import type { ExitName } from '../exit-codes.ts'
import { exitsOf } from './exits.ts'

export interface Item {
  /** As it is typed: `-o, --output <format>`, `<service>`. */
  readonly term: string
  readonly description: string
  readonly choices: readonly string[]
  readonly fallback: string | undefined
}

export interface CommandPage {
  /** Below the program: empty for itself. */
  readonly path: readonly string[]
  readonly description: string
  readonly usage: string
  readonly parameters: readonly Item[]
  readonly options: readonly Item[]
  readonly examples: readonly string[]
  readonly exits: readonly ExitName[]
  readonly commands: readonly CommandPage[]
}

/** With everything below it; what is hidden from the help is left out. */
export function describeCommand(command: Command, above: readonly string[] = []): CommandPage {
  const help = command.createHelp()
  const path = command.parent === null ? [] : [...above, command.name()]
  const commands = help.visibleCommands(command).filter((each) => each.name() !== 'help')
  return {
    path,
    description: command.description(),
    usage: [...path, command.usage()].join(' '),
    parameters: command.registeredArguments.map(describeArgument),
    options: help
      .visibleOptions(command)
      .filter(({ long }) => command.parent === null || long !== '--help')
      .map(describeOption),
    examples: examplesOf(command),
    exits: commands.length > 0 && command.parent !== null ? [] : exitsOf(command),
    commands: commands.map((each) => describeCommand(each, path)),
  }
}

/** A page and all below it, each before its own. */
export function allPages(page: CommandPage): readonly CommandPage[] {
  return [page, ...page.commands.flatMap(allPages)]
}

function describeArgument(argument: Argument): Item {
  const name = argument.name() + (argument.variadic ? '...' : '')
  return {
    term: argument.required ? `<${name}>` : `[${name}]`,
    description: argument.description,
    choices: argument.argChoices ?? [],
    fallback: describeFallback(argument),
  }
}

function describeOption(option: Option): Item {
  const { flags, description, argChoices } = option
  return { term: flags, description, choices: argChoices ?? [], fallback: describeFallback(option) }
}

function describeFallback({
  defaultValue,
  defaultValueDescription,
}: Pick<Option, 'defaultValue' | 'defaultValueDescription'>): string | undefined {
  if (defaultValueDescription !== undefined) return defaultValueDescription
  const value: unknown = defaultValue
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
