/** A JSON Schema of the contracts as rows for people: one for each field, however deep. */
import { z } from 'zod'

const Schema = z.looseObject({
  type: z.exactOptional(z.string()),
  description: z.exactOptional(z.string()),
  const: z.exactOptional(z.string()),
  enum: z.exactOptional(z.array(z.string())),
  get properties() {
    return z.exactOptional(z.record(z.string(), Schema))
  },
  get items() {
    return z.exactOptional(Schema)
  },
  get anyOf() {
    return z.exactOptional(z.array(Schema))
  },
  required: z.exactOptional(z.array(z.string())),
  exclusiveMinimum: z.exactOptional(z.number()),
  minimum: z.exactOptional(z.number()),
  maximum: z.exactOptional(z.number()),
  maxLength: z.exactOptional(z.int()),
})
type Schema = z.infer<typeof Schema>

export interface Row {
  readonly path: string
  readonly type: string
  readonly optional: boolean
  readonly meaning: string
}

/** @throws where a field says nothing about itself: what is not explained does not get into a reference. */
export function schemaRows(schema: unknown): readonly Row[] {
  return fieldRows(Schema.parse(schema), '')
}

/** What the schema says about the whole. */
export function schemaMeaning(schema: unknown): string {
  return Schema.parse(schema).description ?? ''
}

function fieldRows(schema: Schema, above: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = `${above}${key}`
    const inner = innerRows(field, path)
    // A constant says all there is to say.
    if (field.description === undefined && field.const !== undefined) return []
    if (field.description === undefined && inner.length === 0) throw new Error(`${path} has no description`)
    const optional = schema.required?.includes(key) !== true
    // An envelope or a list of named parts needs no row of its own where only its parts mean something.
    if (field.description === undefined) return inner
    return [{ path, type: typeText(field), optional, meaning: field.description }, ...inner]
  })
}

function innerRows(field: Schema, path: string): Row[] {
  const shape = field.anyOf?.find((option) => option.properties !== undefined) ?? field
  if (shape.items !== undefined) return fieldRows(shape.items, `${path}[].`)
  return fieldRows(shape, `${path}.`)
}

function typeText(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ')
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`
  return [plainType(schema), ...bounds(schema)].join(', ')
}

function plainType(schema: Schema): string {
  if (schema['format'] === 'date-time') return 'time'
  if (schema.type === 'object') return schema.properties === undefined ? 'map of texts' : 'object'
  const names: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', boolean: 'true or false' }
  return names[schema.type ?? ''] ?? schema.type ?? 'anything'
}

function bounds({ exclusiveMinimum, minimum, maximum, maxLength }: Schema): string[] {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER
  return [
    ...(isBound(exclusiveMinimum) ? [`above ${exclusiveMinimum}`] : []),
    ...(isBound(minimum) ? [`from ${minimum}`] : []),
    ...(isBound(maximum) ? [`to ${maximum}`] : []),
    ...(isBound(maxLength) ? [`at most ${maxLength} characters`] : []),
  ]
}
