import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createSequenceWaits } from './sequence-waits.ts'

describe('a read that names a sequence', () => {
  it('waits until the view has it, and not a moment longer', async () => {
    let sequence = 4
    const waits = createSequenceWaits(() => sequence, createTestClock())
    const { signal } = new AbortController()
    await waits.waitFor(4, signal)
    const reached: number[] = []
    const reads = [6, 5].map(async (seq) => {
      await waits.waitFor(seq, signal)
      reached.push(seq)
    })
    waits.moved()
    sequence = 5
    waits.moved()
    await reads[1]
    expect(reached).toEqual([5])
    sequence = 9
    waits.moved()
    await Promise.all(reads)
    expect(reached).toEqual([5, 6])
  })

  it('waits two seconds at most, and no longer than whoever asks', async () => {
    const clock = createTestClock()
    const waits = createSequenceWaits(() => 1, clock)
    const leaving = new AbortController()
    const left = waits.waitFor(2, leaving.signal)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    let ended = false
    const late = waits.waitFor(2, new AbortController().signal).finally(() => (ended = true))
    late.catch(() => undefined)
    await clock.advance(1999)
    expect(ended).toBe(false)
    await clock.advance(1)
    await expect(late).rejects.toMatchObject({ code: 'VIEW_NOT_READY', retryAfterMs: 1000 })
  })
})
