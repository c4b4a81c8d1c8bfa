/** From zod's issues to faults that name the field as the request spells it. Pure. */
import { z } from 'zod'
import type { Fault } from '../submit/faults.ts'

type Issue = z.core.$ZodIssue

export function faultsOf(error: z.ZodError, value: unknown, schema: z.ZodType): Fault[] {
  return error.issues.flatMap((issue) => issueFaults(issue, value, schema))
}

function issueFaults(issue: Issue, value: unknown, schema: z.ZodType): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    const inside = valueAt(value, issue.path)
    return issue.keys.map((key) => ({
      field: fieldName([...issue.path, key]),
      value: valueAt(inside, [key]),
      message: unknownField(key, issue.path.length === 0 ? knownFields(schema) : []),
    }))
  }
  const at = valueAt(value, issue.path)
  return [
    {
      field: fieldName(issue.path),
      value: at ?? null,
      message: at === undefined ? 'is required' : messageOf(issue, at),
    },
  ]
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_union') return issue.message
  const fitting = issue.errors.filter(
    (issues) => !issues.some((inner) => inner.path.length === 0 && isOtherType(inner, value)),
  )
  const [messages] = (fitting.length > 0 ? fitting : issue.errors).map((issues) =>
    issues.map((inner) => messageOf(inner, value)),
  )
  return messages?.join('; ') ?? issue.message
}

/** The union's other member: its complaint about the type says nothing about this value. */
function isOtherType(issue: Issue, value: unknown): boolean {
  if (issue.code !== 'invalid_type') return false
  const expected = issue.expected === 'int' ? 'number' : issue.expected
  return expected !== typeof value
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'body' : path.map(String).join('.')
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inside, key) => {
    if (typeof inside !== 'object' || inside === null || !Object.hasOwn(inside, key)) return undefined
    return Reflect.get(inside, key)
  }, value)
}

function knownFields(schema: z.ZodType): string[] {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? schema.unwrap() : schema
  return inner instanceof z.ZodObject
    ? Object.keys(inner.shape)
    : inner instanceof z.ZodType && inner !== schema
      ? knownFields(inner)
      : []
}

function unknownField(key: string, known: readonly string[]): string {
  const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase()
  const meant = known.find((name) => plain(name) === plain(key))
  if (meant !== undefined) return `is no field of this request: it is spelled "${meant}"`
  return known.length === 0
    ? 'is no field of this request'
    : `is no field of this request: there are ${known.join(', ')}`
}
