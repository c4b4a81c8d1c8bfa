/**
 * What the runner still decides in a rendered text, because it alone knows the workspace: which sections stay. A marker
 * counts only as a line of its own.
 *
 *     <!-- orchestrator:if tool rustdocs_query_rust_docs -->   the task has this tool
 *     <!-- orchestrator:if tools -->                           it has any
 *     <!-- orchestrator:if no tools -->                        it has none
 *     <!-- orchestrator:if language rust -->                   the repository holds it, or nothing that is recognised
 *     <!-- orchestrator:end -->
 */
import { TerminalError } from '../core/index.ts'

/** What a repository may hold. */
export const LANGUAGES = ['rust', 'typescript', 'frontend', 'go', 'python', 'java', 'infrastructure'] as const
export type Language = (typeof LANGUAGES)[number]

export const DOCUMENTS_PLACEHOLDER = '<!-- orchestrator:documents -->'
export const HISTORY_PLACEHOLDER = '<!-- orchestrator:history -->'
/** The names of the task's tools, as the agent calls them. */
export const TOOLS_PLACEHOLDER = '<!-- orchestrator:tools -->'
/** In a list of a rendered JSON text: stands for the names of the task's tools, as the agent calls them. */
export const TOOLS_ITEM = 'orchestrator:tools'

export interface WorkspaceFacts {
  /** Names of the task's tools, without their server's. */
  readonly tools: readonly string[]
  readonly languages: readonly Language[]
}

type Condition = (facts: WorkspaceFacts) => boolean

const MARKER = /^<!--\s*orchestrator:(.*?)\s*-->$/

/**
 * The text without the sections that do not apply, and without their markers. Fills in nothing.
 * @throws TerminalError TEMPLATE_INVALID naming the line and what is wrong with it
 */
export function keepSections(text: string, facts: WorkspaceFacts): string {
  const kept: string[] = []
  const open: boolean[] = []
  let hasLeftOut = false
  for (const [index, line] of text.split('\n').entries()) {
    const marker = readMarker(line, index + 1)
    if (marker === 'end' && open.pop() === undefined) throw fault(index + 1, 'ends a section that was not begun')
    if (typeof marker === 'function') open.push(marker(facts))
    const isLeftOut = marker !== undefined || open.includes(false)
    hasLeftOut ||= isLeftOut
    if (isLeftOut || (hasLeftOut && line === '' && (kept.at(-1) ?? '') === '')) continue
    kept.push(line)
    hasLeftOut = false
  }
  if (open.length > 0) throw fault(text.split('\n').length, 'a section is not ended: add <!-- orchestrator:end -->')
  return kept.join('\n')
}

/** A tool's name whatever its hyphens became on the way: tool servers rewrite them. */
export function comparableToolName(name: string): string {
  return name.replaceAll('-', '_')
}

function readMarker(line: string, number: number): Condition | 'end' | undefined {
  const words = MARKER.exec(line.trim())?.[1]?.split(/\s+/)
  if (words === undefined || PLACEHOLDERS.has(line.trim())) return undefined
  if (words.length === 1 && words[0] === 'end') return 'end'
  const condition = words[0] === 'if' ? conditionOf(words.slice(1)) : undefined
  if (condition !== undefined) return condition
  throw fault(number, `"orchestrator:${words.join(' ')}" is not known: ${KNOWN}`)
}

const PLACEHOLDERS: ReadonlySet<string> = new Set([DOCUMENTS_PLACEHOLDER, HISTORY_PLACEHOLDER, TOOLS_PLACEHOLDER])
const KNOWN = `use "documents", "history", "tools", "end", "if tool <name>", "if tools", "if no tools" or "if language <one of ${LANGUAGES.join(', ')}>"`

function conditionOf(words: readonly string[]): Condition | undefined {
  const [kind, name] = words
  if (words.join(' ') === 'tools') return ({ tools }) => tools.length > 0
  if (words.join(' ') === 'no tools') return ({ tools }) => tools.length === 0
  if (words.length !== 2 || name === undefined) return undefined
  if (kind === 'tool') return ({ tools }) => tools.some((tool) => comparableToolName(tool) === comparableToolName(name))
  const language = LANGUAGES.find((each) => kind === 'language' && each === name)
  if (language === undefined) return undefined
  return ({ languages }) => languages.length === 0 || languages.includes(language)
}

function fault(line: number, problem: string): TerminalError {
  return new TerminalError('TEMPLATE_INVALID', `line ${line}: ${problem}`, { details: { line } })
}
