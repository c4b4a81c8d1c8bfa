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
  /** Kept in the attempt's own folder, to which the destination is relative. */
  readonly isOfAttempt: boolean
}

const ofAttempt = (destination: string, ...templates: readonly string[]): TextPlan => ({
  templates,
  destination,
  isOfAttempt: true,
})
const atRoot = (destination: string, ...templates: readonly string[]): TextPlan => ({
  templates,
  destination,
  isOfAttempt: false,
})

/** Completed by the runner. */
const PROMPT = ofAttempt('prompt.md', 'prompt.md.hbs', 'prompt.hbs')

/** A text's file is named as its destination's last part: also the key of a ConfigMap. */
const TEXTS: readonly TextPlan[] = [
  atRoot('CLAUDE.md', 'memory.md.hbs'),
  atRoot('coding-guidelines.md', 'coding-guidelines.md.hbs'),
  atRoot('github-guidelines.md', 'github-guidelines.md.hbs'),
  atRoot('.claude/settings.local.json', 'settings.json.hbs'),
  atRoot('.mcp.json', 'mcp.json.hbs'),
  ofAttempt('system-prompt.md', 'system-prompt.md.hbs'),
  ofAttempt('hooks/early-test.sh', 'hooks/early-test.sh.hbs'),
  ofAttempt('hooks/stop-commit.sh', 'hooks/stop-commit.sh.hbs'),
]

export interface RenderedText {
  readonly file: string
  /** Relative to the attempt's folder, else to the workspace. */
  readonly destination: string
  readonly isOfAttempt: boolean
  readonly executable: boolean
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
  { templates, destination, isOfAttempt }: TextPlan,
): Promise<(context: Readonly<Record<string, unknown>>) => RenderedText> {
  const source = await findTemplate(directories, templates)
  const template = compileTemplate(source)
  const executable = source.format === 'sh'
  return (context) => ({
    file: basename(destination),
    destination,
    isOfAttempt,
    executable,
    text: checked(source, template, context),
  })
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
