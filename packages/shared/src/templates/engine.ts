/**
 * Handlebars, made strict: a missing value is an error, and every value passes the escaper of the text's format. There
 * is no way around it in a template (`{{{ }}}` is refused), because the engine is told not to escape and every
 * mustache is rewritten to a call of ours; and none may stand where its escaper would not protect it.
 */
import Handlebars from 'handlebars'
import { TerminalError } from '../core/index.ts'
import { codeSpan, escapeFor, quoteBlock, type TextFormat } from './escape.ts'
import { createPlaces, type Places } from './places.ts'

export interface TemplateSource {
  /** For messages: where the template came from. */
  readonly path: string
  readonly text: string
  readonly format: TextFormat
}

export interface CompileOptions {
  /** Both parts of every condition are rendered, to find what is wrong in either. */
  readonly everyBranch?: boolean
}

export type Template = (context: Readonly<Record<string, unknown>>) => string

const ESCAPE = 'orchestrator:escape'

/**
 * @throws TerminalError TEMPLATE_INVALID naming the template, its line in `details`; the returned function does so for
 *   values at fault
 */
export function compileTemplate(source: TemplateSource, { everyBranch = false }: CompileOptions = {}): Template {
  const engine = Handlebars.create()
  engine.registerHelper(helpersFor(source.format))
  if (everyBranch) engine.registerHelper(BOTH_BRANCHES)
  return guarded(source, () => {
    const program = engine.parse(source.text)
    new EscapeEverything(createPlaces(source.format)).accept(program)
    const knownHelpers = everyBranch ? { if: false, unless: false } : {}
    const template = engine.compile(program, { strict: true, noEscape: true, preventIndent: true, knownHelpers })
    return (context) => guarded(source, () => template(context))
  })
}

function guarded<T>({ path }: TemplateSource, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const line = lineOf(message)
    throw new TerminalError('TEMPLATE_INVALID', `the template ${path} cannot be rendered: ${message}`, {
      cause,
      details: { path, problem: message, ...(line !== undefined && { line }) },
    })
  }
}

/** `line 3: …` is ours, `… on line 3:` the parser's, `… - 3:5` the rest of Handlebars'. */
function lineOf(message: string): number | undefined {
  const found = /^line (\d+):/.exec(message) ?? /on line (\d+)/.exec(message) ?? / - (\d+):\d+$/.exec(message)
  return found === null ? undefined : Number(found[1])
}

/** Turns `{{value}}` into a call of the escaper, with the value's name for messages; makes every look-up strict. */
class EscapeEverything extends Handlebars.Visitor {
  readonly #places: Places

  constructor(places: Places) {
    super()
    this.#places = places
  }

  override ContentStatement({ value }: hbs.AST.ContentStatement): void {
    this.#places.pass(value)
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const { loc, path } = mustache
    const { line } = loc.start
    if (!mustache.escaped) throw new Error(`line ${line}: use {{ }}, values are always escaped`)
    const problem = this.#places.problemWith(nameOf(path))
    if (problem !== undefined) throw new Error(`line ${line}: ${problem}`)
    super.MustacheStatement(mustache)
    const hasArguments = mustache.params.length > 0 || (mustache.hash?.pairs.length ?? 0) > 0
    const value = hasArguments ? { ...mustache, type: 'SubExpression' } : path
    const name = { type: 'StringLiteral', value: nameOf(path), original: nameOf(path), loc }
    const place = { type: 'NumberLiteral', value: line, original: line, loc }
    Object.assign(mustache, { path: pathTo(ESCAPE, loc), params: [value, name, place], hash: undefined })
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    const before = this.#places.state
    this.accept(block.path)
    for (const parameter of block.params) this.accept(parameter)
    for (const part of [block.program, block.inverse]) {
      // Handlebars' own types promise both; a block without an else has none.
      if (part === undefined || part === null) continue
      this.accept(part)
      const after = this.#places.state
      if (after !== before)
        throw new Error(
          `line ${part.loc.start.line}: a block begins in ${before} and ends in ${after}: begin and end it in the same`,
        )
    }
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    Object.assign(path, { strict: true })
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    throw new Error(`line ${partial.loc.start.line}: partials are not supported: write the text itself`)
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    throw new Error(`line ${partial.loc.start.line}: partials are not supported: write the text itself`)
  }
}

function nameOf(path: hbs.AST.PathExpression | hbs.AST.Literal): string {
  return 'original' in path ? path.original : path.type
}

function pathTo(name: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression {
  return { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc }
}

function helpersFor(format: TextFormat): Record<string, Handlebars.HelperDelegate> {
  return {
    [ESCAPE]: (value: unknown, name: string, line: number) =>
      value instanceof Handlebars.SafeString
        ? value.toString()
        : escapeFor(format, atLine(line, () => textOf(value, name))),
    has: (list: unknown, item: unknown) => Array.isArray(list) && list.includes(item),
    ...(format === 'md' ? MARKDOWN_HELPERS : {}),
    ...(format === 'json' ? JSON_HELPERS : {}),
  }
}

const MARKDOWN_HELPERS: Record<string, Handlebars.HelperDelegate> = {
  code: (value: unknown) => new Handlebars.SafeString(codeSpan(textOf(value, 'code'))),
  quote: (value: unknown) => new Handlebars.SafeString(quoteBlock(textOf(value, 'quote'))),
}

const JSON_HELPERS: Record<string, Handlebars.HelperDelegate> = {
  json: (value: unknown) => new Handlebars.SafeString(JSON.stringify(value)),
}

const both: Handlebars.HelperDelegate = function both(this: unknown, _condition: unknown, options: Handlebars.HelperOptions) {
  return `${options.fn(this)}${options.inverse(this)}`
}
const BOTH_BRANCHES = { if: both, unless: both }

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error(`"${name}" is ${Array.isArray(value) ? 'a list' : typeof value}, not a text`)
}

function atLine<T>(line: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`line ${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
