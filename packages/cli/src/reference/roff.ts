/** A manual page in the man(7) macros. Pure. */
import { EXIT, EXIT_NAMES, EXIT_TEXTS } from '../exit-codes.ts'
import { allPages, type CommandPage, type Item } from './describe-command.ts'
import { PROGRAM, type Variable } from './markdown.ts'

/** Of one command, or of the program with all that it knows. */
export function toRoff(page: CommandPage, variables: readonly Variable[]): string {
  const [, ...below] = allPages(page)
  const name = [PROGRAM, ...page.path].join('-')
  return [
    `.TH ${quote(name.toUpperCase())} 1 "" "Orchestrator" "Orchestrator"`,
    '.SH NAME',
    `${plain(name)} \\- ${plain(page.description)}`,
    '.SH SYNOPSIS',
    ...synopsis(page),
    ...itemsSection('ARGUMENTS', page.parameters),
    ...itemsSection('OPTIONS', page.options),
    ...(below.length === 0 ? [] : ['.SH COMMANDS', ...below.flatMap(ofCommand)]),
    ...(page.examples.length === 0 ? [] : ['.SH EXAMPLES', ...example(page.examples)]),
    '.SH EXIT STATUS',
    ...exits(page),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([variable, meaning]) => ['.TP', bold(variable), plain(meaning.replaceAll('`', ''))]),
  ]
    .join('\n')
    .concat('\n')
}

function synopsis({ usage }: CommandPage): readonly string[] {
  return [`${bold(PROGRAM)} ${plain(usage)}`]
}

function ofCommand(page: CommandPage): readonly string[] {
  return [
    `.SS ${quote(page.path.join(' '))}`,
    ...synopsis(page),
    '.PP',
    plain(page.description),
    ...items(page.parameters),
    ...items(page.options),
    ...(page.examples.length === 0 ? [] : ['.PP', 'Examples:', ...example(page.examples)]),
  ]
}

function itemsSection(title: string, all: readonly Item[]): readonly string[] {
  return all.length === 0 ? [] : [`.SH ${title}`, ...items(all)]
}

function items(all: readonly Item[]): readonly string[] {
  return all.flatMap(({ term, description, choices, fallback }) => {
    const one = choices.length === 0 ? '' : `; one of ${choices.join(', ')}`
    const other = fallback === undefined ? '' : `; ${fallback} when left out`
    return ['.TP', bold(term), plain(`${description}${one}${other}`)]
  })
}

function example(lines: readonly string[]): readonly string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map((line) => plain(`${PROGRAM} ${line}`)), '.fi', '.RE']
}

function exits({ exits: names }: CommandPage): readonly string[] {
  return (names.length === 0 ? EXIT_NAMES : names).flatMap((name) => [
    '.TP',
    bold(String(EXIT[name])),
    plain(EXIT_TEXTS[name]),
  ])
}

/** Text that no formatter takes for anything else: what it obeys begins with a backslash, or a dot or quote that begins a line. */
function plain(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('…', '...')
    .replaceAll('\n', ' ')
    .replace(/^\./, String.raw`\&.`)
}

function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`
}

function quote(text: string): string {
  return `"${plain(text).replaceAll('"', String.raw`\(dq`)}"`
}
