/** What is wrong with the templates of a directory, before an attempt finds out. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { DOCUMENTS_PLACEHOLDER, keepSections, LANGUAGES, TOOLS_ITEM } from '../contracts/index.ts'
import { OrchestratorError } from '../core/index.ts'
import { type TemplateContext, templateContext } from './context.ts'
import { compileTemplate, type TemplateSource } from './engine.ts'
import { SAMPLES } from './sample.ts'
import { shellProblem } from './shell-problem.ts'
import { formatOf, PROMPT, SETTINGS_TEMPLATE, TEMPLATE_NAMES, TEMPLATES_FOLDER } from './text-plan.ts'

export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly problem: string
  readonly remedy: string
}

/** Findings of all files below `implementation/`, in the order of their names. */
export async function lintTemplates(directory: string): Promise<readonly Finding[]> {
  const root = join(directory, TEMPLATES_FOLDER)
  const names = await filesBelow(root)
  if (names.length === 0)
    return [finding(root, { problem: 'holds no templates', remedy: `put templates there: ${TEMPLATE_NAMES.join(', ')}` })]
  const findings: Finding[] = []
  for (const name of names) {
    const path = join(root, name)
    if (TEMPLATE_NAMES.includes(name)) {
      const source = { path, text: await readFile(path, 'utf8'), format: formatOf(path) }
      findings.push(...(await lintTemplate(source)))
    } else findings.push(unknownFile(path))
  }
  return findings
}

async function filesBelow(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      return (await stat(path).catch(() => undefined))?.isFile() === true ? [relative(root, path)] : []
    }),
  )
  return files.flat().toSorted()
}

function unknownFile(path: string): Finding {
  const remedy = `rename it to one of ${TEMPLATE_NAMES.join(', ')}, or take it away`
  const problem = 'is never used: no text of an attempt comes from a file of this name'
  return { ...finding(path, { problem, remedy }), severity: 'warning' }
}

interface Fault {
  readonly problem: string
  readonly remedy: string
  readonly line?: number
}

function finding(path: string, { problem, remedy, line = 1 }: Fault): Finding {
  return { severity: 'error', path, line, problem, remedy }
}

/** The first thing that keeps a template from working; if none does, what is odd about its results. */
async function lintTemplate(source: TemplateSource): Promise<readonly Finding[]> {
  const broken = brokenTemplate(source) ?? brokenMarkers(source)
  if (broken !== undefined) return [broken]
  const template = compileTemplate(source)
  const texts = Object.values(SAMPLES).map((sample) => template(contextOf(sample, source)))
  switch (source.format) {
    case 'json':
      return firstOf(texts.map((text) => brokenJson(source, text))) ?? forgottenTools(source)
    case 'sh':
      return firstOf(await Promise.all(texts.map((text) => brokenShell(source, text)))) ?? []
    default:
      return [...codeInTables(source), ...forgottenDocuments(source)]
  }
}

function firstOf(found: readonly (Finding | undefined)[]): readonly Finding[] | undefined {
  const first = found.find((each) => each !== undefined)
  return first === undefined ? undefined : [first]
}

type Sample = (typeof SAMPLES)[keyof typeof SAMPLES]

/** The prompt itself has everything but itself. */
function contextOf(sample: Sample, source: TemplateSource): TemplateContext {
  const context = templateContext(sample)
  return isPrompt(source) ? context : { ...context, prompt_content: 'The whole prompt.' }
}

function isPrompt({ path }: TemplateSource): boolean {
  return PROMPT.templates.includes(basename(path))
}

/** Each branch with everything that there can be, then each sample as it is: a value may be missing in one only. */
function brokenTemplate(source: TemplateSource): Finding | undefined {
  try {
    compileTemplate(source, { everyBranch: true })(contextOf(SAMPLES.retry, source))
    const template = compileTemplate(source)
    for (const sample of Object.values(SAMPLES)) template(contextOf(sample, source))
    return undefined
  } catch (error) {
    if (!(error instanceof OrchestratorError)) throw error
    const { problem = error.message, line = 1 } = error.details as { readonly problem?: string; readonly line?: number }
    return finding(source.path, { ...explain(problem), line })
  }
}

/** In the words of whoever writes templates. */
function explain(told: string): Fault {
  const [problem = told] = told
    .replace(/^line \d+: /, '')
    .replace(/ in (\[object \w+\]|undefined) - \d+:\d+$/, '')
    .split('\n')
  // Ours bring their remedy along.
  const [, what, remedy] = OWN_PROBLEM.exec(problem) ?? []
  return what !== undefined && remedy !== undefined ? { problem: what, remedy } : { problem, remedy: remedyFor(problem) }
}

const OWN_PROBLEM = /^(a value [^:]*|a whole [^:]*|a block [^:]*|partials [^:]*): (.*)$/

function remedyFor(problem: string): string {
  if (/"tools[".]/.test(problem)) return 'tools are known to the runner alone: use <!-- orchestrator:if tool NAME -->'
  if (/not defined|undefined, not a text/.test(problem)) return `use a value of the context: ${suggestions(problem)}`
  if (/object, not a text|list, not a text/.test(problem))
    return 'name one of its parts, or go through it with {{#each}}; a value that may be null belongs into {{#if}}'
  if (/[Hh]elper/.test(problem))
    return 'helpers are if, unless, each, with, lookup, has; code and quote in Markdown; json in JSON'
  if (/Parse error|doesn't match/.test(problem)) return 'correct the braces: {{value}}, {{#if value}} … {{/if}}'
  return 'see "Rules" in templates/README.md'
}

/** Names that begin alike, else all. */
function suggestions(problem: string): string {
  const start = /"([^"]{3})/.exec(problem)?.[1]
  const names = [...Object.keys(templateContext(SAMPLES.retry)), 'prompt_content']
  const alike = names.filter((name) => start !== undefined && name.startsWith(start))
  return `${(alike.length > 0 ? alike : names).join(', ')} (templates/README.md has all)`
}

function brokenMarkers({ path, text, format }: TemplateSource): Finding | undefined {
  if (format !== 'md') return undefined
  try {
    keepSections(text, { tools: [], languages: LANGUAGES })
    return undefined
  } catch (error) {
    if (!(error instanceof OrchestratorError)) throw error
    const { line = 1 } = error.details as { readonly line?: number }
    const remedy = 'see "What the runner fills in" in templates/README.md'
    return finding(path, { problem: error.message.replace(/^line \d+: /, ''), remedy, line })
  }
}

function brokenJson({ path }: TemplateSource, text: string): Finding | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const line = /\(line (\d+) column/.exec(problem)?.[1]
    const remedy = 'look at it with "templates render": a comma may be missing or too much'
    return finding(path, { problem: `does not give JSON: ${problem}`, remedy, line: Number(line ?? 1) })
  }
}

function forgottenDocuments(source: TemplateSource): readonly Finding[] {
  if (!isPrompt(source) || source.text.includes(DOCUMENTS_PLACEHOLDER)) return []
  const problem = 'does not tell the agent where the task’s documents are'
  const remedy = `add a line ${DOCUMENTS_PLACEHOLDER}`
  return [{ ...finding(source.path, { problem, remedy }), severity: 'warning' }]
}

function forgottenTools({ path, text }: TemplateSource): readonly Finding[] {
  if (!path.endsWith(SETTINGS_TEMPLATE) || text.includes(`"${TOOLS_ITEM}"`)) return []
  const remedy = `add "${TOOLS_ITEM}" to permissions.allow`
  const problem = 'allows none of a task’s tools: each use of one would be refused'
  return [{ ...finding(path, { problem, remedy }), severity: 'warning' }]
}

async function brokenShell({ path }: TemplateSource, text: string): Promise<Finding | undefined> {
  if (!text.startsWith('#!')) return finding(path, { problem: 'does not say which program reads it', remedy: 'begin it with #!/bin/sh' })
  const problem = await shellProblem(text)
  if (problem === undefined) return undefined
  const line = Number(/line (\d+)/.exec(problem)?.[1] ?? 1)
  return finding(path, { problem: `is no shell script: ${problem}`, remedy: 'look at it with "templates render"', line })
}

/** A code span cannot hold the sign that ends a cell. */
function codeInTables({ path, text }: TemplateSource): readonly Finding[] {
  return text.split('\n').flatMap((line, index) => {
    if (!/^\s*\|.*\{\{\s*code\b/.test(line) || !/\{\{\s*code\s+[^"]/.test(line)) return []
    const problem = 'a value as code in a table: a "|" in it would end the cell'
    const remedy = 'use a list instead of the table, or {{value}} without code'
    return [finding(path, { problem, remedy, line: index + 1 })]
  })
}
