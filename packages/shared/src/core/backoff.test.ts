import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

describe('backoffMs', () => {
  it('doubles up to the cap, between half and the whole', () => {
    const rule = { firstMs: 100, maxMs: 1000 }
    expect([1, 2, 3, 4, 5, 99].map((tries) => backoffMs(tries, rule, () => 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ])
    expect(backoffMs(3, rule, () => 0)).toBe(200)
  })
})
