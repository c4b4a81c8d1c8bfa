/**
 * Where in a text a value may stand so that its escaper protects it: in a shell script as a word of its own, in JSON
 * within a string, or as a whole value with `json`. Pure; follows the constant parts of a template in their order.
 */
import { assertNever } from '../core/index.ts'
import type { TextFormat } from './escape.ts'

export interface Places {
  /** A constant part of the text. */
  pass(text: string): void
  /** A value stands here. @returns what is wrong with that, and what to do; `undefined` when nothing is */
  problemWith(helper: string): string | undefined
  /** Where the text is: equal before and after a block, or its parts would depend on each other. */
  readonly state: string
}

export function createPlaces(format: TextFormat): Places {
  switch (format) {
    case 'md':
      return { pass: () => undefined, problemWith: () => undefined, state: '' }
    case 'json':
      return createJsonPlaces()
    case 'sh':
      return createShellPlaces()
    default:
      return assertNever(format, 'text format')
  }
}

function createJsonPlaces(): Places {
  let isInString = false
  return {
    pass: (text) => {
      for (const { 0: token } of text.matchAll(/\\.|"/gs)) if (token === '"') isInString = !isInString
    },
    problemWith: (helper) => {
      if (helper === 'json')
        return isInString ? 'a whole JSON value within a string: take the quotes away or write {{value}}' : undefined
      return isInString ? undefined : 'a value outside of a string: write {{json value}}, or put it in quotes'
    },
    get state() {
      return isInString ? 'a string' : 'no string'
    },
  }
}

type ShellMode = 'plain' | 'single' | 'ansi' | 'double' | 'backtick' | 'comment' | 'heredoc'

const NAMES: Readonly<Record<ShellMode, string>> = {
  plain: 'no quotes',
  single: 'single quotes',
  ansi: 'single quotes',
  double: 'double quotes',
  backtick: 'backticks',
  comment: 'a comment',
  heredoc: 'a here-document',
}

const CLOSING: Partial<Record<ShellMode, string>> = { single: "'", ansi: "'", double: '"', backtick: '`', comment: '\n' }
const OPENING: Readonly<Record<string, ShellMode>> = { "'": 'single', '"': 'double', '`': 'backtick' }
const HERE_DOCUMENT = /(?<!<)<<-?\s*(?:'([^']+)'|"([^"]+)"|\\?([A-Za-z_]\w*))/g
const READ_AGAIN = /(^|[\s;&|(])(eval|(?:ba|da|k|z)?sh\s+(?:-\w+\s+)*-\w*c)\s/

function createShellPlaces(): Places {
  let mode: ShellMode = 'plain'
  /** Of the current line, as far as it is read. */
  let line = ''
  let delimiters: string[] = []

  const endLine = (): void => {
    if (mode === 'plain') delimiters = [...line.matchAll(HERE_DOCUMENT)].map((found) => String(found[1] ?? found[2] ?? found[3]))
    else if (mode === 'heredoc' && line.trim() === delimiters[0]) delimiters = delimiters.slice(1)
    if (mode === 'comment' || mode === 'heredoc') mode = 'plain'
    if (mode === 'plain' && delimiters.length > 0) mode = 'heredoc'
    line = ''
  }
  const open = (character: string): void => {
    if (character === '#' && /(^|[\s;&|()])$/.test(line)) mode = 'comment'
    else if (character === "'" && line.endsWith('$')) mode = 'ansi'
    else mode = OPENING[character] ?? mode
  }
  return {
    pass: (text) => {
      for (let index = 0; index < text.length; index += 1) {
        const character = text.charAt(index)
        const isEscape = character === '\\' && !['single', 'comment', 'heredoc'].includes(mode)
        if (character === '\n') endLine()
        else if (isEscape) index += 1
        else if (mode === 'plain') open(character)
        else if (character === CLOSING[mode]) mode = 'plain'
        if (character !== '\n') line += isEscape ? `\\${text.charAt(index)}` : character
      }
    },
    problemWith: () => {
      const isReadAgain = READ_AGAIN.test(line)
      const where = NAMES[mode]
      const isPlain = mode === 'plain'
      line += 'x'
      if (!isPlain) return `a value in ${where}: it brings its own quotes, so let it stand alone: name={{value}}`
      return isReadAgain
        ? 'a value in a text that a shell reads once more: pass it as an argument, sh -c \'… "$1"\' sh {{value}}'
        : undefined
    },
    get state() {
      return NAMES[mode]
    },
  }
}
