import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { mayBeLeftOut } from './left-out.ts'

describe('a field that may be left out', () => {
  const field = z.string().min(2, 'use two letters')
  const Body = z.strictObject({ name: mayBeLeftOut(field) })

  it('is checked where it is there, as z.exactOptional checks it', () => {
    const Exact = z.strictObject({ name: z.exactOptional(field) })
    for (const body of [{}, { name: 'ab' }, { name: 'a' }, { name: null }, { name: 7 }, { other: 'ab' }]) {
      expect(Body.safeParse(body)).toEqual(Exact.safeParse(body))
    }
    expect(z.toJSONSchema(Body)).toEqual(z.toJSONSchema(Exact))
  })

  it('costs nothing where it is left out: its schema is not asked', () => {
    let asked = 0
    const counting = z.preprocess((value) => {
      asked += 1
      return value
    }, field)
    const Counted = z.strictObject({ name: mayBeLeftOut(counting) })
    expect(Counted.parse({})).toEqual({})
    expect(asked).toBe(0)
    expect(Counted.parse({ name: 'ab' })).toEqual({ name: 'ab' })
    expect(asked).toBe(1)
  })
})
