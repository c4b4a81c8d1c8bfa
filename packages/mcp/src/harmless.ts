import { printable } from '@orchestrator/shared/core'

/** Facts hold what agents and repositories have written, and may end up on a terminal. */
export function harmless(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, harmlessValue(value)]))
}

function harmlessValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(harmlessValue)
  return typeof value === 'object' && value !== null ? harmless({ ...value }) : value
}
