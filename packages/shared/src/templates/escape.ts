/**
 * How a value gets into a text of each format without becoming part of it. Values come from people and repositories:
 * none may start a heading, end a string, become a command or stand for something that the runner fills in.
 */
import { assertNever } from '../core/index.ts'

export const TEXT_FORMATS = ['md', 'json', 'sh'] as const
export type TextFormat = (typeof TEXT_FORMATS)[number]

export function escapeFor(format: TextFormat, value: string): string {
  switch (format) {
    case 'md':
      return escapeMarkdown(value)
    case 'json':
      return escapeJson(value)
    case 'sh':
      return quoteShell(value)
    default:
      return assertNever(format, 'text format')
  }
}

/** Inline text in Markdown: one line, every character stands for itself, also where it begins a line. */
export function escapeMarkdown(value: string): string {
  return neutralise(oneLine(value))
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|~&]/g, (character) => `\\${character}`)
    .replace(/^(\d*)([-+=.)])/, (_whole, digits: string, mark: string) => `${digits}\\${mark}`)
}

/** Between the quotes of a JSON string. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** One word of a shell command, quotes included. */
export function quoteShell(value: string): string {
  return `'${value.replaceAll('\u0000', '').replaceAll("'", String.raw`'\''`)}'`
}

/** A code span whose fence is longer than any inside. For names, paths, branches and URLs: they are read as they are. */
export function codeSpan(value: string): string {
  const text = neutralise(oneLine(value))
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  if (text === '') return '` `'
  return text.includes('`') ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`
}

/** A block quote that holds the text line by line: nothing in it stands at the start of a line of ours. */
export function quoteBlock(value: string): string {
  const lines = neutralise(withoutControls(value)).split(LINE_BREAK)
  return lines.map((line) => (line === '' ? '>' : `> ${line}`)).join('\n')
}

// oxlint-disable-next-line no-control-regex -- vertical tab and form feed end a line too
export const LINE_BREAK = /\r\n|[\n\r\u0085\u2028\u2029\u000B\u000C]/
// Escape sequences and direction overrides change what a reader sees; line ends and tabs stay.
// oxlint-disable-next-line no-control-regex -- control characters are what must not pass
const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F\u202A-\u202E\u2066-\u2069]/g

function withoutControls(value: string): string {
  return value.replaceAll(CONTROLS, '')
}

function oneLine(value: string): string {
  return withoutControls(value).split(LINE_BREAK).join(' ').replaceAll('\t', ' ')
}

/** The lines that the runner fills in look like `<!-- orchestrator:documents -->`; in a value they are only text. */
function neutralise(value: string): string {
  return value.replaceAll(/<!--(?=\s*orchestrator:)/gi, '<! --')
}
