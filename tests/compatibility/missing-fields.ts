/** Whether samples show everything that their contract has. Pure. */

type Node = Readonly<Record<string, unknown>>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every field that a schema names, as a path. */
function fieldsOf(schema: unknown, path = ''): string[] {
  if (!isNode(schema)) return []
  const properties = isNode(schema['properties']) ? Object.entries(schema['properties']) : []
  const branches = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []))
  return [
    ...properties.flatMap(([name, inner]) => [`${path}.${name}`, ...fieldsOf(inner, `${path}.${name}`)]),
    ...branches.flatMap((inner) => fieldsOf(inner, path)),
    ...fieldsOf(schema['items'], `${path}[]`),
    ...fieldsOf(schema['additionalProperties'], `${path}{}`),
  ]
}

/** Every field that a value has; names in maps count as `{}` too. */
function fieldsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((inner) => fieldsIn(inner, `${path}[]`))
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    `${path}.${name}`,
    ...fieldsIn(inner, `${path}.${name}`),
    ...fieldsIn(inner, `${path}{}`),
  ])
}

/** Fields that no sample has: an optional one would be kept without anybody knowing what it looks like. */
export function missingFields(schema: unknown, samples: readonly unknown[]): readonly string[] {
  const shown = new Set(samples.flatMap((sample) => fieldsIn(sample)))
  return fieldsOf(schema).filter((field) => !shown.has(field))
}
