/** What may come next on a command line, as far as the commands know. Pure. */
import type { Argument, Command, Option } from 'commander'

/** What only a server, or the shell, can list. */
export type Source = 'services' | 'tasks' | 'attempts' | 'agents' | 'files'

export interface Candidate {
  readonly value: string
  readonly description: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  readonly sources: readonly Source[]
  /** What is typed of the word already. */
  readonly prefix: string
  /** Goes before each value: `--phase=`. */
  readonly lead: string
  /** Arguments of the command so far: `tasks` are those of a service among them. */
  readonly given: readonly string[]
  /** Values of options so far, by their long names. */
  readonly options: ReadonlyMap<string, string>
}

/** The last of `words` is the one that is being typed; the program itself is not among them. */
export function complete(program: Command, words: readonly string[]): Completion {
  const { before, current, lead } = splitLast(words)
  const line = read(program, before)
  const reply = (of: Partial<Completion>): Completion => {
    const { given, options } = line
    const candidates = (of.candidates ?? []).filter(({ value }) => value.startsWith(of.prefix ?? current))
    return { sources: [], prefix: current, lead, given, options, ...of, candidates }
  }
  if (line.wanted !== undefined) return reply(valuesOf(line.wanted, line.wanted.long))
  const [, flag, start = ''] = /^(--[^=]+)=(.*)$/.exec(current) ?? []
  if (flag !== undefined && !line.isLiteral) {
    const option = findOption(line.command, flag)
    return option === undefined
      ? reply({})
      : reply({ ...valuesOf(option, option.long), prefix: start, lead: `${flag}=` })
  }
  if (current.startsWith('-') && !line.isLiteral) return reply({ candidates: optionsOf(line.command) })
  if (line.command.commands.length > 0 && line.given.length === 0)
    return reply({ candidates: commandsOf(line.command) })
  const argument = argumentAt(line.command, line.given.length)
  return argument === undefined ? reply({}) : reply(valuesOf(argument, undefined))
}

/** bash splits `--phase=Fa` into three words, and wants the last of them back. */
function splitLast(words: readonly string[]): { before: readonly string[]; current: string; lead: string } {
  const last = words.at(-1) ?? ''
  if (last === '=' && words.length > 1) return { before: words.slice(0, -1), current: '', lead: '' }
  if (words.at(-2) === '=') return { before: words.slice(0, -2), current: last, lead: '' }
  return { before: words.slice(0, -1), current: last, lead: '' }
}

interface Line {
  readonly command: Command
  readonly given: readonly string[]
  readonly options: ReadonlyMap<string, string>
  /** An option whose value comes next. */
  readonly wanted: Option | undefined
  /** After `--` nothing is an option. */
  readonly isLiteral: boolean
}

function read(program: Command, words: readonly string[]): Line {
  const start: Line = { command: program, given: [], options: new Map(), wanted: undefined, isLiteral: false }
  return words.reduce(readWord, start)
}

function readWord(line: Line, word: string): Line {
  const { command, wanted, given } = line
  if (word === '=') return line
  if (wanted !== undefined && !(wanted.variadic && word.startsWith('-'))) {
    const options = new Map([...line.options, [wanted.long ?? '', word]])
    return { ...line, options, wanted: wanted.variadic ? wanted : undefined }
  }
  if (line.isLiteral) return { ...line, given: [...given, word] }
  if (word === '--') return { ...line, isLiteral: true, wanted: undefined }
  if (word.startsWith('-') && word !== '-') return { ...line, ...readOption(line, word) }
  const below = given.length === 0 ? command.commands.find((each) => each.name() === word) : undefined
  return below === undefined ? { ...line, given: [...given, word] } : { ...line, command: below }
}

function readOption(line: Line, word: string): Partial<Line> {
  const [flag = '', ...value] = word.split('=')
  const option = findOption(line.command, flag)
  if (option === undefined || !option.required) return { wanted: undefined }
  if (value.length === 0) return { wanted: option }
  return { wanted: undefined, options: new Map([...line.options, [option.long ?? '', value.join('=')]]) }
}

function findOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short)
}

/** Its own and, as they may stand anywhere, those of the program. */
function optionsOf(command: Command): readonly Candidate[] {
  const help = command.createHelp()
  const own = help.visibleOptions(command)
  const names = new Set(own.map(({ long }) => long))
  const general =
    command.parent === null
      ? []
      : programOf(command).options.filter((option) => !option.hidden && !names.has(option.long))
  return [...own, ...general].flatMap(({ long, description }) =>
    long === undefined ? [] : [{ value: long, description }],
  )
}

function programOf(command: Command): Command {
  return command.parent === null ? command : programOf(command.parent)
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.description() }))
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const all = command.registeredArguments
  const last = all.at(-1)
  return all[index] ?? (last?.variadic === true ? last : undefined)
}

const OF_FLAG: Readonly<Record<string, readonly Source[]>> = { '--service': ['services'], '--agent': ['agents'] }
const OF_PLACEHOLDER: Readonly<Record<string, readonly Source[]>> = {
  service: ['services'],
  taskId: ['tasks'],
  'attempt|service': ['services', 'attempts'],
  attempt: ['attempts'],
  path: ['files'],
  file: ['files'],
  folder: ['files'],
}

function valuesOf(of: Option | Argument, flag: string | undefined): Pick<Completion, 'candidates' | 'sources'> {
  if (of.argChoices !== undefined)
    return { candidates: of.argChoices.map((value) => ({ value, description: '' })), sources: [] }
  const placeholder = 'flags' in of ? (/<([^>]+?)(?:\.{3})?>/.exec(of.flags)?.[1] ?? '') : of.name()
  return { candidates: [], sources: OF_FLAG[flag ?? ''] ?? OF_PLACEHOLDER[placeholder] ?? [] }
}
