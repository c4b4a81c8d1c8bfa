/** Flags of earlier users on today's commands. */
import { Phase } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import { givenOption } from '../commands/global-options.ts'
import { toServerUrl } from '../discover.ts'
import type { Screen } from '../output/screen.ts'
import { EARLIER_FLAGS, type EarlierFlag } from './table.ts'

/** Every flag of a command with this path. */
function earlierFlagsOf(path: readonly string[]): readonly EarlierFlag[] {
  return EARLIER_FLAGS.filter((each) => each.path.length === 0 || each.path.join(' ') === path.join(' ')).flatMap(
    ({ flags }) => flags,
  )
}

/** Hidden from the help. Of several values the last one counts. */
export function addEarlierFlags(command: Command, path: readonly string[]): void {
  for (const { flags } of earlierFlagsOf(path)) command.addOption(new Option(flags).hideHelp())
  // Before a command it was for every one.
  if (command.commands.length > 0) command.addOption(new Option('-o, --output <format>').hideHelp())
}

/**
 * Gives today's flags of `command` what earlier ones say, its own or those before it, and says what is ignored.
 * @throws TerminalError INPUT_INVALID when both are given
 */
export function applyEarlierFlags(command: Command, path: readonly string[], screen: Screen): void {
  for (const { flags, now, instead } of earlierFlagsOf(path)) {
    const { long, key } = nameOf(flags)
    const value: unknown = givenOption(command, key)
    if (value === undefined) continue
    if (instead !== undefined) screen.warn(`${long} has no meaning any more and is ignored: ${instead}.`)
    else if (now?.startsWith('--') === true) rename(command, { long, now, value })
  }
  applyEarlierFormat(command, screen)
}

interface Renamed {
  readonly long: string
  readonly now: string
  readonly value: unknown
}

function rename(command: Command, { long, now, value }: Renamed): void {
  const target = command.options.find((option) => option.long === now)
  if (target === undefined) throw invalid(`${long} means ${now}, which this command does not take: leave it out`)
  const key = target.attributeName()
  if (command.getOptionValueSource(key) === 'cli')
    throw invalid(`${long} is the earlier name of ${now}: give one of them`)
  command.setOptionValueWithSource(key, translated(now, value), 'cli')
}

/** What earlier values are today. */
function translated(now: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (now === '--server') return toServerUrl(value)
  if (now !== '--phase') return value
  const phase = Phase.options.find((each) => each.toLowerCase() === value.toLowerCase())
  if (phase !== undefined) return phase
  throw invalid(`--status ${JSON.stringify(value)} is no phase: use one of ${Phase.options.join(', ')}`)
}

/** `table` is the text for people; JSON can be read as YAML. */
function applyEarlierFormat(command: Command, screen: Screen): void {
  if (!command.options.some(({ long }) => long === '--output')) return
  const format =
    command.getOptionValueSource('output') === 'cli' ? command.getOptionValue('output') : givenOption(command, 'output')
  if (format === undefined) return
  if (format === 'yaml') screen.warn('--output yaml has no meaning any more: you get JSON, which readers of YAML read.')
  command.setOptionValueWithSource('output', format === 'table' ? 'text' : format === 'yaml' ? 'json' : format, 'cli')
}

function nameOf(flags: string): { readonly long: string; readonly key: string } {
  const option = new Option(flags)
  return { long: option.long ?? flags, key: option.attributeName() }
}

function invalid(message: string): TerminalError {
  return new TerminalError('INPUT_INVALID', message)
}
