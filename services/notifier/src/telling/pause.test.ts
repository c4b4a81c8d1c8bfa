import { describe, expect, it } from 'vitest'
import { allowedCalls, NO_PAUSE, pauseAfter } from './pause.ts'

const down = { reason: 'answered 503', retryAfterMs: undefined, random: () => 1 }

describe('a pause', () => {
  it('grows with each try that finds the sink down, up to a minute', () => {
    let pause = NO_PAUSE
    const lengths: number[] = []
    for (let tries = 0; tries < 8; tries += 1) {
      const nowMs = pause.untilMs
      pause = pauseAfter(pause, { ...down, nowMs })
      lengths.push(pause.untilMs - nowMs)
    }
    expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('is not lengthened by calls that were under way when it began', () => {
    const first = pauseAfter(NO_PAUSE, { ...down, nowMs: 100 })
    expect(pauseAfter(first, { ...down, nowMs: 200 })).toEqual(first)
  })

  it('lasts as long as the sink asks for, but an hour at most', () => {
    expect(pauseAfter(NO_PAUSE, { ...down, retryAfterMs: 30_000, nowMs: 5 }).untilMs).toBe(30_005)
    expect(pauseAfter(NO_PAUSE, { ...down, retryAfterMs: 9e12, nowMs: 5 }).untilMs).toBe(3_600_005)
    expect(pauseAfter(NO_PAUSE, { ...down, retryAfterMs: 0, nowMs: 5 }).untilMs).toBe(1_005)
  })

  it('lets one call through at its end, and all once that succeeded', () => {
    const pause = pauseAfter(NO_PAUSE, { ...down, nowMs: 0 })
    expect(allowedCalls(pause, 999, 16)).toBe(0)
    expect(allowedCalls(pause, 1_000, 16)).toBe(1)
    expect(allowedCalls(NO_PAUSE, 1_000, 16)).toBe(16)
  })
})
