import { describe, expect, it } from 'vitest'
import { createTestClock } from './clocks.ts'

const never = new AbortController().signal

describe('createTestClock', () => {
  it('wakes sleepers in order, also those that sleep again', async () => {
    const clock = createTestClock()
    const woken: string[] = []
    const tick = async (): Promise<void> => {
      for (let i = 1; i <= 3; i += 1) {
        await clock.sleep(10, never)
        woken.push(`tick ${clock.monotonicMs()}`)
      }
    }
    const ticking = tick()
    const late = clock.sleep(25, never).then(() => woken.push('late'))
    await clock.advance(30)
    await Promise.all([ticking, late])
    expect(woken).toEqual(['tick 10', 'tick 20', 'late', 'tick 30'])
    expect(clock.sleeping).toBe(0)
  })

  it('jumps only the time that people see', async () => {
    const clock = createTestClock(new Date(0))
    clock.jump(3_600_000)
    expect(clock.now()).toEqual(new Date(3_600_000))
    expect(clock.monotonicMs()).toBe(0)
  })

  it('rejects an aborted sleep', async () => {
    const clock = createTestClock()
    const stop = new AbortController()
    const sleeping = clock.sleep(10, stop.signal)
    stop.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
  })
})
