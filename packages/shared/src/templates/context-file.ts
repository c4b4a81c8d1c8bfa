/** A person's values for templates: what they give replaces what a sample has. Pure. */
import { TerminalError } from '../core/index.ts'
import { type TemplateContext, templateContext } from './context.ts'
import { SAMPLES } from './sample.ts'

/** Everything that there can be. */
const SHAPE = templateContext(SAMPLES.retry)

/** @throws TerminalError INPUT_INVALID naming every value that is not one, and what there is */
export function completeContext(base: TemplateContext, given: unknown, source: string): TemplateContext {
  const faults: string[] = []
  const whole = merge({ shape: SHAPE, base, given, path: '' }, faults)
  if (faults.length > 0 || !isObject(whole))
    throw new TerminalError('INPUT_INVALID', `${source} is no context: ${faults.join('; ')} (templates/README.md lists all values)`)
  return whole
}

interface Part {
  readonly shape: unknown
  readonly base: unknown
  readonly given: unknown
  readonly path: string
}

function merge({ shape, base, given, path }: Part, faults: string[]): unknown {
  const name = path === '' ? 'the document' : path
  if (given === null && (base === null || isNullable(path))) return null
  if (Array.isArray(shape)) {
    if (Array.isArray(given))
      return given.map((item: unknown, index) => merge({ shape: shape[0], base: shape[0], given: item, path: `${path}[${index}]` }, faults))
    return fault(faults, base, `${name} must be a list`)
  }
  if (isObject(shape)) {
    if (!isObject(given)) return fault(faults, base, `${name} must be an object`)
    const own = isObject(base) ? base : shape
    const parts = Object.entries(given).map(([key, value]) => {
      const inner = path === '' ? key : `${path}.${key}`
      if (!(key in shape)) return [key, fault(faults, value, `${inner} does not exist: there is ${Object.keys(shape).join(', ')}`)]
      return [key, merge({ shape: shape[key], base: own[key], given: value, path: inner }, faults)]
    })
    return { ...own, ...Object.fromEntries(parts) }
  }
  return typeof given === typeof shape ? given : fault(faults, base, `${name} must be a ${typeof shape}`)
}

const isNullable = (path: string): boolean => ['limits.usd', 'limits.turns', 'toolman'].includes(path)

function fault<T>(faults: string[], instead: T, problem: string): T {
  faults.push(problem)
  return instead
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
