import { describe, expect, it } from 'vitest'
import { remember } from './remember.ts'

describe('remember', () => {
  it('lets the oldest memory go when there are too many', () => {
    const memory = new Map<string, number>()
    for (let i = 0; i < 10_000; i += 1) remember(memory, String(i), i)
    remember(memory, '0', 0)
    remember(memory, 'new', 1)
    expect(memory.size).toBe(10_000)
    expect([memory.has('0'), memory.has('1'), memory.get('new')]).toEqual([true, false, 1])
  })
})
