/**
 * Handlebars, made strict: a missing value is an error, and every value passes the escaper of the text's format. There
 * is no way around it in a template (`{{{ }}}` is refused), because the engine is told not to escape and every
 * mustache is rewritten to a call of ours.
 */
import { TerminalError } from '@orchestrator/shared/core'
import Handlebars from 'handlebars'
import { codeSpan, escapeFor, quoteBlock, type TextFormat } from './escape.ts'

export interface TemplateSource {
  /** For messages: where the template came from. */
  readonly path: string
  readonly text: string
  readonly format: TextFormat
}

export type Template = (context: Readonly<Record<string, unknown>>) => string

const ESCAPE = 'orchestrator:escape'

/** @throws TerminalError TEMPLATE_INVALID naming the template; the returned function does so for values at fault */
export function compileTemplate(source: TemplateSource): Template {
  const engine = Handlebars.create()
  engine.registerHelper(helpersFor(source.format))
  return guarded(source, () => {
    const program = engine.parse(source.text)
    new EscapeEverything().accept(program)
    const template = engine.compile(program, { strict: true, noEscape: true, preventIndent: true })
    return (context) => guarded(source, () => template(context))
  })
}

function guarded<T>({ path }: TemplateSource, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new TerminalError('TEMPLATE_INVALID', `the template ${path} cannot be rendered: ${message}`, { cause })
  }
}

/** Turns `{{value}}` into a call of the escaper, with the value's name for messages; makes every look-up strict. */
class EscapeEverything extends Handlebars.Visitor {
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (!mustache.escaped) throw new Error(`line ${mustache.loc.start.line}: use {{ }}, values are always escaped`)
    super.MustacheStatement(mustache)
    const { loc, path } = mustache
    const hasArguments = mustache.params.length > 0 || (mustache.hash?.pairs.length ?? 0) > 0
    const value = hasArguments ? { ...mustache, type: 'SubExpression' } : path
    const name = { type: 'StringLiteral', value: nameOf(path), original: nameOf(path), loc }
    Object.assign(mustache, { path: pathTo(ESCAPE, loc), params: [value, name], hash: undefined })
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    Object.assign(path, { strict: true })
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    throw new Error(`line ${partial.loc.start.line}: partials are not supported`)
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
    [ESCAPE]: (value: unknown, name: string) =>
      value instanceof Handlebars.SafeString ? value.toString() : escapeFor(format, textOf(value, name)),
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

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error(`"${name}" is ${Array.isArray(value) ? 'a list' : typeof value}, not a text`)
}
