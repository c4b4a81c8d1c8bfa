import { RetryBody, StopBody, SubmitBody } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Fault } from '../submit/faults.ts'
import { faultsOf } from './zod-faults.ts'

function faults(schema: z.ZodType, value: unknown): readonly Fault[] {
  const parsed = schema.safeParse(value)
  return parsed.success ? [] : faultsOf(parsed.error, value, schema)
}

describe('faultsOf', () => {
  it('names every field at fault with its value, inner ones by their path', () => {
    const gates = [
      { name: 'ok', command: ['true'] },
      { name: '', command: [] },
    ]
    const found = faults(SubmitBody, { service: 'Trader', tag: 'a b', guidance: ' ', limits: { usd: -1 }, gates })
    expect(found.map(({ field, value }) => [field, value])).toEqual([
      ['service', 'Trader'],
      ['taskId', null],
      ['tag', 'a b'],
      ['guidance', ' '],
      ['limits.usd', -1],
      ['gates.1.name', ''],
      ['gates.1.command', []],
    ])
  })

  it.each([
    [undefined, 'is required'],
    ['1.01', 'use digits, with dots between levels, for example "7" or "7.2"'],
    [1.5, 'a dotted task id must be a string: "1.10" and 1.1 are the same JSON number'],
    [null, 'Invalid input: expected string, received null'],
  ])('explains the task id %s', (taskId, message) => {
    const [fault] = faults(SubmitBody, { service: 'trader', ...(taskId === undefined ? {} : { taskId }) })
    expect(fault).toMatchObject({ field: 'taskId', message })
  })

  it('names unknown fields, and what was probably meant', () => {
    const found = faults(RetryBody, { guidance: 'x', github_user: 'me', limits: { dollars: 1 }, service: 'trader' })
    expect(found).toContainEqual({
      field: 'github_user',
      value: 'me',
      message: 'is no field of this request: it is spelled "githubUser"',
    })
    expect(found).toContainEqual({ field: 'limits.dollars', value: 1, message: 'is no field of this request' })
    expect(found).toContainEqual({
      field: 'service',
      value: 'trader',
      message: expect.stringContaining('there are guidance, agent'),
    })
  })

  it.each([[null], ['text'], [[]], [7]])('names the body where it is no object: %j', (body) => {
    expect(faults(SubmitBody, body)).toMatchObject([{ field: 'body' }])
  })

  it('knows the fields of an optional body', () => {
    expect(faults(StopBody.nullish(), { notes: 'x' })).toMatchObject([
      { field: 'notes', message: expect.stringContaining('there are note') },
    ])
  })
})
