/** The page of the command line: docs/cli.md. Pure. */
import { EARLIER_COMMANDS, EARLIER_FLAGS } from '../earlier/table.ts'
import { EXIT, EXIT_NAMES, EXIT_TEXTS } from '../exit-codes.ts'
import { allPages, type CommandPage, type Item } from './describe-command.ts'

/** A variable of the environment, and what it is for. */
export type Variable = readonly [name: string, meaning: string]

export const PROGRAM = 'orchestrator'

export function toMarkdown(root: CommandPage, variables: readonly Variable[]): string {
  const [, ...pages] = allPages(root)
  return [
    '# Command line',
    'Made from the commands themselves; `orchestrator man` prints the same as a manual page. How servers, attempts and tokens are found is told in [the README of the package](../packages/cli/README.md).',
    ...section('Options', items(root.options)),
    pages
      .map(({ path, description }) => `- [${path.join(' ')}](#${anchorOf(path)}): ${escape(description)}`)
      .join('\n'),
    ...pages.flatMap(ofCommand),
    ...exitCodes(),
    ...earlier(),
    ...section(
      'Environment',
      variables.map(([name, meaning]) => `- \`${name}\`: ${meaning}`),
      '##',
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

function ofCommand(page: CommandPage): readonly string[] {
  const { path, description, usage, parameters, options, examples, exits } = page
  return [
    `${path.length === 1 ? '##' : '###'} ${path.join(' ')}`,
    sentence(escape(description)),
    `\`\`\`sh\n${PROGRAM} ${usage}\n\`\`\``,
    ...section('Arguments', items(parameters)),
    ...section('Options', items(options)),
    ...(examples.length === 0
      ? []
      : ['Examples:', `\`\`\`sh\n${examples.map((example) => `${PROGRAM} ${example}`).join('\n')}\n\`\`\``]),
    ...(exits.length === 0 ? [] : [`Exit codes: ${exits.map((name) => EXIT[name]).join(', ')}.`]),
  ]
}

function section(title: string, lines: readonly string[], level?: string): readonly string[] {
  if (lines.length === 0) return []
  return [level === undefined ? `${title}:` : `${level} ${title}`, lines.join('\n')]
}

function items(all: readonly Item[]): readonly string[] {
  return all.map(({ term, description, choices, fallback }) => {
    const one = choices.length === 0 ? '' : `; one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`
    const other = fallback === undefined ? '' : `; \`${fallback}\` when left out`
    return `- \`${term}\`: ${escape(description)}${one}${other}`
  })
}

function exitCodes(): readonly string[] {
  const rows = EXIT_NAMES.map((name) => `| ${EXIT[name]} | ${EXIT_TEXTS[name]} |`)
  return ['## Exit codes', ['| code | meaning |', '| --- | --- |', ...rows].join('\n')]
}

function earlier(): readonly string[] {
  const flags = EARLIER_FLAGS.flatMap(({ path, flags: all }) =>
    all.map((flag) => {
      const where = path.length === 0 ? 'every command' : `\`${path.join(' ')}\``
      const what = flag.now === undefined ? `ignored: ${flag.instead ?? ''}` : `\`${flag.now}\``
      return `| \`${flag.flags}\` | ${where} | ${what} |`
    }),
  )
  const commands = EARLIER_COMMANDS.map(
    ({ path, now, instead }) =>
      `| \`${path.join(' ')}\` | ${now === undefined ? `refused: ${instead ?? ''}` : `\`${now.join(' ')}\``} |`,
  )
  return [
    '## Earlier flags and commands',
    'What users of earlier programs of this name type goes on to work where it has a meaning. A flag without one is accepted, and said to be ignored on standard error; a command without one says what to do instead. `-o table` is `-o text`, `-o yaml` gives JSON; `-o`, `--api-url` and `--verbose` may stand before the command.',
    ['| flag | of | now |', '| --- | --- | --- |', ...flags].join('\n'),
    ['| command | now |', '| --- | --- |', ...commands].join('\n'),
  ]
}

/** Outside of code these are the words of a person, never markup. */
function escape(text: string): string {
  return text.replaceAll(/[<>*_[\]|]/g, String.raw`\$&`)
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function anchorOf(path: readonly string[]): string {
  return path.join('-')
}
