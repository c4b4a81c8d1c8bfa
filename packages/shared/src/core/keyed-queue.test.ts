import { describe, expect, it } from 'vitest'
import { createKeyedQueue } from './keyed-queue.ts'

describe('createKeyedQueue', () => {
  it('runs the work of one key in order, one at a time, and other keys beside it', async () => {
    const queue = createKeyedQueue()
    const gate = Promise.withResolvers<void>()
    const seen: string[] = []
    const first = queue.run('a', async () => {
      await gate.promise
      seen.push('a1')
    })
    const second = queue.run('a', async () => void seen.push('a2'))
    await queue.run('b', async () => void seen.push('b1'))
    gate.resolve()
    await Promise.all([first, second])
    expect(seen).toEqual(['b1', 'a1', 'a2'])
  })

  it('goes on after a failure, which only its own caller sees', async () => {
    const queue = createKeyedQueue()
    const failed = queue.run('a', () => Promise.reject(new Error('no')))
    const next = queue.run('a', async () => 'fine')
    await expect(failed).rejects.toThrow('no')
    await expect(next).resolves.toBe('fine')
    await queue.idle()
  })
})
