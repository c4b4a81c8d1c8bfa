import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { Wake } from './wake.ts'

const never = new AbortController().signal

function createWake() {
  const clock = createTestClock()
  return { clock, wake: new Wake(clock) }
}

describe('an alarm', () => {
  it('ends a wait when rung, and the wait after a ring that came meanwhile, once', async () => {
    const { clock, wake } = createWake()
    const first = wake.wait(1000, never)
    await expect.poll(() => clock.sleeping).toBe(1)
    wake.ring()
    await first
    expect(clock.sleeping).toBe(0)
    wake.ring()
    await wake.wait(1000, never)
    const third = wake.wait(1000, never)
    await expect.poll(() => clock.sleeping).toBe(1)
    await clock.advance(1000)
    await third
  })

  it("rejects with the signal's reason, rung or not", async () => {
    const { clock, wake } = createWake()
    const reason = new Error('the watcher stops')
    const stop = new AbortController()
    const waiting = wake.wait(1000, stop.signal)
    await expect.poll(() => clock.sleeping).toBe(1)
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    wake.ring()
    await expect(wake.wait(1000, stop.signal)).rejects.toBe(reason)
    await wake.wait(1000, never)
  })
})
