import { describe, expect, it } from 'vitest'
import { createRates } from './rates.ts'

describe('createRates', () => {
  it('allows a burst, then so many a second, for each key alone', () => {
    let now = 0
    const rates = createRates({ perSecond: 2, burst: 3, monotonicMs: () => now })
    expect([1, 2, 3, 4].map(() => rates.take('a'))).toEqual([0, 0, 0, 1])
    expect(rates.take('b')).toBe(0)
    now = 500
    expect([rates.take('a'), rates.take('a')]).toEqual([0, 1])
    now = 1_000_000
    expect([1, 2, 3, 4].map(() => rates.take('a'))).toEqual([0, 0, 0, 1])
  })

  it('is not made longer by whoever goes on asking', () => {
    let now = 0
    const rates = createRates({ perSecond: 1, burst: 1, monotonicMs: () => now })
    rates.take('a')
    for (now = 100; now < 1000; now += 100) expect(rates.take('a')).toBe(1)
    now = 1000
    expect(rates.take('a')).toBe(0)
  })

  it('forgets the one that asked longest ago, not one that asks all the time', () => {
    const rates = createRates({ perSecond: 0.001, burst: 1, monotonicMs: () => 0 })
    expect([rates.take('often'), rates.take('once')]).toEqual([0, 0])
    for (let i = 0; i < 20_000; i += 1) {
      rates.take(`other-${i}`)
      if (i % 1000 === 0) rates.take('often')
    }
    expect(rates.take('often')).toBeGreaterThan(0)
    expect(rates.take('once')).toBe(0)
  })
})
