/** The texts of one attempt, from the templates. What only the workspace knows is filled in by the runner. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { TEXT_FORMATS, type TextFormat } from './escape.ts'
import { type ContextSource, templateContext } from './template-context.ts'
import { compileTemplate, type Template, type TemplateSource } from './template-engine.ts'

/** A text of an attempt: its templates by preference, and its place relative to the workspace's root. */
interface TextPlan {
  readonly templates: readonly string[]
  readonly destination: string
}

/** The prompt is kept in the attempt's own folder by the runner, which completes it; the others go where they are named. */
const PROMPT: TextPlan = { templates: ['prompt.md.hbs', 'prompt.hbs'], destination: 'prompt.md' }

/** A text's file is named as its destination's last part: also the key of a ConfigMap. */
const TEXTS: readonly TextPlan[] = [
  { templates: ['memory.md.hbs'], destination: 'CLAUDE.md' },
  { templates: ['coding-guidelines.md.hbs'], destination: 'coding-guidelines.md' },
  { templates: ['github-guidelines.md.hbs'], destination: 'github-guidelines.md' },
  { templates: ['settings.json.hbs'], destination: '.claude/settings.local.json' },
  { templates: ['mcp.json.hbs'], destination: '.mcp.json' },
]

export interface RenderedText {
  readonly file: string
  readonly destination: string
  readonly text: string
}

export interface RenderedTexts {
  readonly prompt: RenderedText
  readonly others: readonly RenderedText[]
}

export interface Renderer {
  /** @throws TerminalError TEMPLATE_INVALID naming the template and what is wrong */
  render(source: ContextSource): RenderedTexts
}

/**
 * Reads and compiles all templates once.
 * @param directories searched in order for each file, so that the first may override a few of the last
 */
export async function loadTemplates(directories: readonly string[]): Promise<Renderer> {
  const prompt = await loadText(directories, PROMPT)
  const others = await Promise.all(TEXTS.map((plan) => loadText(directories, plan)))
  return {
    render: (source) => {
      const context = templateContext(source)
      const promptText = prompt(context)
      return {
        prompt: promptText,
        others: others.map((render) => render({ ...context, prompt_content: promptText.text })),
      }
    },
  }
}

async function loadText(
  directories: readonly string[],
  { templates, destination }: TextPlan,
): Promise<(context: Readonly<Record<string, unknown>>) => RenderedText> {
  const source = await findTemplate(directories, templates)
  const template = compileTemplate(source)
  return (context) => ({ file: basename(destination), destination, text: checked(source, template, context) })
}

async function findTemplate(directories: readonly string[], names: readonly string[]): Promise<TemplateSource> {
  const paths = directories.flatMap((directory) => names.map((name) => join(directory, 'implementation', name)))
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return { path, text, format: formatOf(path) }
  }
  throw new TerminalError('TEMPLATE_INVALID', `no template found: tried ${paths.join(', ')}`)
}

/** `settings.json.hbs` is JSON; a name without an inner ending is Markdown. */
function formatOf(path: string): TextFormat {
  const inner = basename(path, '.hbs').split('.').at(-1)
  return TEXT_FORMATS.find((format) => format === inner) ?? 'md'
}

function checked(source: TemplateSource, template: Template, context: Readonly<Record<string, unknown>>): string {
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
