import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { keepSections, type Language, LANGUAGES } from '@orchestrator/shared/contracts'
import { describeError, printable, TerminalError } from '@orchestrator/shared/core'
import type { RenderedText, SampleName, TemplateContext } from '@orchestrator/shared/templates'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { collect, outputOption, withExamples } from '../options.ts'
import { withPager } from '../paging.ts'
import { ownDirectories } from './own-directories.ts'

interface RenderFlags {
  readonly template?: string
  readonly directory?: readonly string[]
  readonly context?: string
  readonly sample: SampleName
  readonly tool?: readonly string[]
  readonly language?: readonly string[]
  readonly write?: string
  readonly output: 'text' | 'json'
}

const SAMPLE_NAMES = ['first', 'retry', 'replaced'] as const satisfies readonly SampleName[]

export function registerRender(templates: Command, context: CliContext): void {
  const command = templates
    .command('render')
    .description('show the texts of an attempt as the launcher renders them, for a sample or for your own values')
    .option('-t, --template <name>', 'this one alone, for example memory.md.hbs')
    .option('-d, --directory <path>', 'templates that go before the built-in ones (else TEMPLATES_DIR); may be repeated', collect)
    .option('-c, --context <file>', 'JSON with values by their names in templates; the sample has the rest')
    .addOption(new Option('--sample <attempt>', 'the attempt to render for').choices(SAMPLE_NAMES).default('first'))
    .option('--tool <name>', 'leave out the sections that a task with these tools does not get; may be repeated', collect)
    .addOption(new Option('--language <name>', 'the same for a repository that holds these').argParser(collect))
    .option('-w, --write <folder>', 'write the files into this folder instead of showing them')
    .addOption(outputOption())
    .action(async (flags: RenderFlags) => {
      await render(context, flags)
    })
  withExamples(withPager(command), context, [
    'templates render',
    'templates render --template memory.md.hbs --tool rustdocs_query_rust_docs --language rust',
    'templates render --directory ./templates --sample retry --write /tmp/texts',
    'templates render --context context.json -o json',
  ])
}

async function render(context: CliContext, flags: RenderFlags): Promise<void> {
  const { BUILT_IN_TEMPLATES, completeContext, loadTemplates, SAMPLES, templateContext } =
    await import('@orchestrator/shared/templates')
  const renderer = await loadTemplates([...ownDirectories(context, flags.directory), BUILT_IN_TEMPLATES])
  const sample = templateContext(SAMPLES[flags.sample])
  const given = flags.context === undefined ? undefined : await readContext(resolve(context.cwd, flags.context))
  const values: TemplateContext = given === undefined ? sample : completeContext(sample, given.value, given.path)
  const { prompt, others } = renderer.renderContext(values)
  const chosen = choose([prompt, ...others], flags.template).map((text) => withSections(text, flags))
  if (flags.write !== undefined) return await write(context, chosen, resolve(context.cwd, flags.write))
  if (flags.output === 'json') return context.screen.print(toJsonLine(chosen.map(toMachine)))
  const hasHeads = flags.template === undefined
  for (const text of chosen) context.screen.print(hasHeads ? `${headOf(context, text)}\n${shown(text)}` : shown(text))
}

async function readContext(path: string): Promise<{ readonly path: string; readonly value: unknown }> {
  try {
    return { path, value: JSON.parse(await readFile(path, 'utf8')) as unknown }
  } catch (cause) {
    throw new TerminalError('INPUT_INVALID', `cannot read the context ${path}: ${describeError(cause)}`, { cause })
  }
}

function choose(texts: readonly RenderedText[], template: string | undefined): readonly RenderedText[] {
  if (template === undefined) return texts
  const names = (text: RenderedText): readonly string[] => [nameOf(text), text.file, text.destination]
  const chosen = texts.filter((text) => names(text).some((name) => name === template || name === `${template}.hbs`))
  if (chosen.length > 0) return chosen
  const known = texts.map(nameOf).join(', ')
  throw new TerminalError('INPUT_INVALID', `there is no template "${template}": use one of ${known}`)
}

/** Of its file, below `implementation/`. */
function nameOf({ template }: RenderedText): string {
  return template.slice(template.lastIndexOf('/implementation/') + '/implementation/'.length)
}

/** As the runner does it, where the command line says what it would find. */
function withSections(text: RenderedText, { tool, language }: RenderFlags): RenderedText {
  if ((tool === undefined && language === undefined) || !text.file.endsWith('.md')) return text
  const languages = (language ?? []).map(toLanguage)
  return { ...text, text: keepSections(text.text, { tools: tool ?? [], languages }) }
}

function toLanguage(name: string): Language {
  const language = LANGUAGES.find((each) => each === name)
  if (language !== undefined) return language
  throw new TerminalError('INPUT_INVALID', `there is no language "${name}": use one of ${LANGUAGES.join(', ')}`)
}

const placeOf = ({ destination, isOfAttempt }: RenderedText): string =>
  isOfAttempt ? `attempt/${destination}` : destination

function toMachine(text: RenderedText): object {
  const { template, executable, text: content } = text
  return { place: placeOf(text), template, executable, text: content }
}

function headOf({ screen }: CliContext, text: RenderedText): string {
  return screen.paint('bold', `==> ${placeOf(text)} (${printable(text.template)})`)
}

function shown({ text }: RenderedText): string {
  return printable(text).replace(/\n$/, '')
}

async function write({ screen }: CliContext, texts: readonly RenderedText[], folder: string): Promise<void> {
  for (const text of texts) {
    const path = join(folder, placeOf(text))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text.text)
    if (text.executable) await chmod(path, 0o755)
    screen.print(printable(path))
  }
}
