import { describe, expect, it } from 'vitest'
import { createLimiter } from './limiter.ts'

describe('createLimiter', () => {
  it('runs no more at once than it may, all in the end, in order, failures included', async () => {
    const limiter = createLimiter(2)
    let running = 0
    let most = 0
    const started: number[] = []
    const work = (i: number) => async (): Promise<number> => {
      started.push(i)
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      if (i === 3) throw new Error('three')
      return i
    }
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => limiter.run(work(i))))
    expect(most).toBe(2)
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  })
})
