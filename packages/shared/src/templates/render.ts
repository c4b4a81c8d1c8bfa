/** The texts of one attempt, from the templates. What only the workspace knows is filled in by the runner. */
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TerminalError } from '../core/index.ts'
import { type ContextSource, type TemplateContext, templateContext } from './context.ts'
import { compileTemplate, type Template, type TemplateSource } from './engine.ts'
import { formatOf, PROMPT, TEMPLATES_FOLDER, TEXTS, type TextPlan } from './text-plan.ts'

/** Where the templates are that come with Orchestrator. */
export const BUILT_IN_TEMPLATES = fileURLToPath(new URL('../../../../templates', import.meta.url))

export interface RenderedText {
  readonly file: string
  /** Relative to the attempt's folder, else to the workspace. */
  readonly destination: string
  readonly isOfAttempt: boolean
  readonly executable: boolean
  readonly text: string
  /** File of the template. */
  readonly template: string
}

export interface RenderedTexts {
  readonly prompt: RenderedText
  readonly others: readonly RenderedText[]
}

export interface Renderer {
  /** @throws TerminalError TEMPLATE_INVALID naming the template and what is wrong */
  render(source: ContextSource): RenderedTexts
  /** The same from values by their names in templates. */
  renderContext(context: TemplateContext): RenderedTexts
}

/**
 * Reads and compiles all templates once.
 * @param directories searched in order for each file, so that the first may override a few of the last
 * @throws TerminalError TEMPLATE_INVALID naming the directory or template and what is wrong
 */
export async function loadTemplates(directories: readonly string[]): Promise<Renderer> {
  for (const directory of directories) await assertHoldsTemplates(directory)
  const prompt = await loadText(directories, PROMPT)
  const others = await Promise.all(TEXTS.map((plan) => loadText(directories, plan)))
  const renderContext = (context: TemplateContext): RenderedTexts => {
    const promptText = prompt(context)
    const whole = { ...context, prompt_content: promptText.text }
    return { prompt: promptText, others: others.map((render) => render(whole)) }
  }
  return { renderContext, render: (source) => renderContext(templateContext(source)) }
}

/** One that is mistyped must not pass for one that overrides nothing. */
async function assertHoldsTemplates(directory: string): Promise<void> {
  const folder = join(directory, TEMPLATES_FOLDER)
  const facts = await stat(folder).catch(() => undefined)
  if (facts?.isDirectory() === true) return
  throw new TerminalError(
    'TEMPLATE_INVALID',
    `there are no templates in ${directory}: it needs a folder ${TEMPLATES_FOLDER}/ (TEMPLATES_DIR)`,
  )
}

async function loadText(
  directories: readonly string[],
  { templates, destination, isOfAttempt }: TextPlan,
): Promise<(context: TemplateContext) => RenderedText> {
  const source = await findTemplate(directories, templates)
  const template = compileTemplate(source)
  const executable = source.format === 'sh'
  return (context) => ({
    file: basename(destination),
    destination,
    isOfAttempt,
    executable,
    text: checked(source, template, context),
    template: source.path,
  })
}

async function findTemplate(directories: readonly string[], names: readonly string[]): Promise<TemplateSource> {
  const paths = directories.flatMap((directory) => names.map((name) => join(directory, TEMPLATES_FOLDER, name)))
  for (const path of paths) {
    const text = await readIfThere(path)
    if (text !== undefined) return { path, text, format: formatOf(path) }
  }
  throw new TerminalError('TEMPLATE_INVALID', `no template found: tried ${paths.join(', ')}`)
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new TerminalError('TEMPLATE_INVALID', `the template ${path} cannot be read`, { cause })
  })
}

function checked(source: TemplateSource, template: Template, context: TemplateContext): string {
  const text = template(context)
  if (source.format === 'json' && !isJson(text)) {
    throw new TerminalError('TEMPLATE_INVALID', `the template ${source.path} does not give JSON`)
  }
  return text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
