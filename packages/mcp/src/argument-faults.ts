/** What is wrong with the arguments of a call, each with its value and what to pass instead. Pure. */
import type { Fault } from '@orchestrator/client/texts'
import { z } from 'zod'

type Issue = z.core.$ZodIssue

export function argumentFaults(error: z.ZodError, given: unknown, input: z.ZodObject): readonly Fault[] {
  return error.issues.flatMap((issue) => faultsOf(issue, given, input))
}

function faultsOf(issue: Issue, given: unknown, input: z.ZodObject): readonly Fault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(input.shape).join(', ')
    return issue.keys.map((field) => ({
      field,
      value: valueOf(given, field),
      message: `there is no such parameter: use one of ${known}`,
    }))
  }
  const field = String(issue.path[0] ?? 'arguments')
  const value = valueOf(given, field)
  const what = value === undefined ? 'is missing' : issue.message
  const schema = input.shape[field]
  return [{ field, value, message: schema instanceof z.ZodType ? `${what}: ${remedy(schema)}` : what }]
}

function remedy(schema: z.ZodType): string {
  const pass = `pass the ${schema.description ?? 'value'}`
  return schema instanceof z.ZodExactOptional ? `${pass}; or leave it out` : pass
}

function valueOf(given: unknown, field: string): unknown {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, field)) return undefined
  return Reflect.get(given, field)
}
