import { describe, expect, it } from 'vitest'
import { createArrivals } from './arrivals.ts'

describe('what arrives while a task is told', () => {
  it('is told once that is recorded up to its sequence', async () => {
    const arrivals = createArrivals(100)
    const five = arrivals.until(5)
    const nine = arrivals.until(9)
    expect(arrivals.newest).toBe(9)
    arrivals.told(5)
    expect(await five).toBe(true)
    arrivals.told(12)
    expect(await nine).toBe(true)
  })

  it('needs a mark when nothing more is told, and when it takes too long', async () => {
    const arrivals = createArrivals(100)
    const waiting = [arrivals.until(5), arrivals.until(9)]
    arrivals.end()
    expect(await Promise.all(waiting)).toEqual([false, false])
    expect(await arrivals.until(12)).toBe(false)
  })
})
