/** Options that may stand before a command or after it. */
import { type Command, Option } from 'commander'
import type { Screen } from '../output/screen.ts'

const COLOUR = ['auto', 'always', 'never'] as const

/** The help of the program has them; that of its commands goes without. */
export function addGlobalOptions(command: Command): void {
  const options = [
    new Option(
      '--color <when>',
      'colours: on a terminal, whatever it is, or never (else NO_COLOR, FORCE_COLOR)',
    ).choices(COLOUR),
    new Option('--no-color', 'the same as --color never'),
    new Option('--no-pager', 'never show long answers page by page (else ORCHESTRATOR_PAGER, PAGER, less)'),
  ]
  for (const option of options) command.addOption(option.hideHelp(command.parent !== null))
}

export function applyGlobalOptions(command: Command, screen: Screen): void {
  const colour = givenOption(command, 'color')
  const when = colour === false ? 'never' : COLOUR.find((each) => each === colour)
  if (when !== undefined) screen.useColour(when)
}

/** By the command itself or, nearest first, by one that it belongs to. */
export function givenOption(command: Command, key: string): unknown {
  for (let each: Command | null = command; each !== null; each = each.parent) {
    if (each.getOptionValueSource(key) === 'cli') return each.getOptionValue(key)
  }
  return undefined
}
