import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'

const never = new AbortController().signal

describe('a sleep', () => {
  it('ends after its time', async () => {
    const before = systemClock.monotonicMs()
    await systemClock.sleep(20, never)
    expect(systemClock.monotonicMs() - before).toBeGreaterThan(15)
  })

  it('rejects with the very reason of its signal, whenever that aborts, and leaves no timer', async () => {
    const reason = new Error('enough')
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const stop = new AbortController()
    const sleeping = systemClock.sleep(60_000, stop.signal)
    expect(timers()).toBe(before + 1)
    stop.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(timers()).toBe(before)
  })
})
