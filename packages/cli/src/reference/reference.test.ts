import { execFile, execFileSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { systemClock } from '@orchestrator/shared/core'
import { CommanderError, type Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { CliEnvironment, VARIABLES } from '../config.ts'
import { findProgram } from '../doctor/machine-checks.ts'
import { EXIT } from '../exit-codes.ts'
import { createProgram } from '../program.ts'
import { run, silentScreen } from '../testing/run.ts'
import { allPages, describeCommand } from './describe-command.ts'
import { toMarkdown } from './markdown.ts'
import { toRoff } from './roff.ts'

function createTree(): Command {
  return createProgram({
    environment: CliEnvironment.parse({}),
    cwd: '/',
    stdin: Readable.from([]),
    interactive: false,
    screen: silentScreen(),
    clock: systemClock,
    signal: new AbortController().signal,
    exitWith: () => undefined,
  })
}

const groff = await findProgram('groff', { path: process.env['PATH'] ?? '', cwd: '/' })
const pages = allPages(describeCommand(createTree()))
const named = pages.map((page) => [page.path.join(' ') || 'the program', page] as const)

describe('every command', () => {
  it.each(named)('%s says what it, its arguments and its options are for, and gives examples', (_name, page) => {
    expect(page.description).not.toBe('')
    expect(page.examples.length).toBeGreaterThan(0)
    for (const { term, description } of [...page.parameters, ...page.options])
      expect({ term, description }).not.toMatchObject({ description: '' })
  })

  it.each(named)('%s has help with its examples and how it ends', async (_name, page) => {
    const { code, out, error } = await run([...page.path, '--help'])
    expect({ code, error }).toEqual({ code: 0, error: '' })
    for (const example of page.examples) expect(out).toContain(`orchestrator ${example}`)
    expect(out.includes('Exit codes:')).toBe(page.exits.length > 0)
  })

  const examples = pages.flatMap((page) => page.examples.map((example) => [example, page] as const))
  it.each(examples)('the example "%s" can be typed', async (example, page) => {
    const ran = await parseOnly(wordsOf(example))
    // An example of a group, or of the program, is of one of its commands.
    expect(ran?.slice(0, page.path.length)).toEqual(page.path)
  })
})

/** The path of the command that a command line runs; throws what the command line is refused with. */
async function parseOnly(words: readonly string[]): Promise<readonly string[] | undefined> {
  const program = createTree()
  let ran: readonly string[] | undefined
  const visit = (command: Command, above: readonly string[]): void => {
    const path = command.parent === null ? [] : [...above, command.name()]
    if (command.commands.length === 0) command.action(() => void (ran = path))
    for (const each of command.commands) visit(each, path)
  }
  visit(program, [])
  await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError && error.code === 'commander.helpDisplayed')) throw error
    ran = words.slice(0, words.indexOf('--help'))
  })
  return ran
}

/** As a shell would give them: what is redirected is no word of the program. */
function wordsOf(example: string): readonly string[] {
  const script = String.raw`printf '%s\0' ${example.replace(/ (?:<|>>?) \S+/, '')}`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

describe('what is made from the commands', () => {
  it('is docs/cli.md, as it is in the repository', async () => {
    await expect(toMarkdown(describeCommand(createTree()), VARIABLES)).toMatchFileSnapshot('../../../../docs/cli.md')
  })

  it('names every variable, each with its meaning', () => {
    expect(VARIABLES.filter(([, meaning]) => meaning === '')).toEqual([])
  })

  it.skipIf(groff === undefined).each([
    ['the program', []],
    ['one command', ['task', 'submit']],
  ])('is a manual page of %s that man shows whole', async (_what, path) => {
    const { code, out } = await run(['man', ...path])
    expect(code).toBe(0)
    const shown = await render(out)
    const page = pages.find((each) => each.path.join() === path.join())
    for (const { term } of page?.options ?? []) expect(shown).toContain(term)
    for (const number of (page?.exits ?? []).map((name) => EXIT[name]))
      expect(shown).toMatch(new RegExp(String.raw`^\s+${number}\s`, 'm'))
    expect(shown).toContain('NAME')
    expect(shown).not.toContain('\\')
  })

  it.skipIf(groff === undefined)('keeps every character of a text that a formatter would obey', async () => {
    const description = String.raw`.so /etc/passwd 'quoted' \fB -- "x" \n`
    const [page] = pages
    if (page === undefined) throw new Error('no page')
    const shown = await render(
      toRoff({ ...page, options: [{ term: '.TH', description, choices: [], fallback: undefined }] }, []),
    )
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(`.TH ${description}`)
  })

  it('names a command that is not there', async () => {
    const { code, error } = await run(['man', 'task', 'dance'])
    expect(code).toBe(2)
    expect(error).toContain('there is no command "task dance"')
  })
})

/** With groff, as man does it; its warnings fail. */
async function render(page: string): Promise<string> {
  const child = promisify(execFile)('groff', ['-man', '-Tutf8', '-ww', '-P-cbou', '-rLL=200n', '-'], {})
  child.child.stdin?.end(page)
  const { stdout, stderr } = await child
  expect(stderr).toBe('')
  return stdout.replaceAll('\u2212', '-')
}
