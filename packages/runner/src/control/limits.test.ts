import { NO_USAGE } from '@orchestrator/shared/contracts'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createEnding } from './ending.ts'
import { limitReached, startDeadline, startIdleWatchdog } from './limits.ts'

describe('the idle watchdog', () => {
  it('expires after silence, counted from the last sign of life', async () => {
    const clock = createTestClock()
    const ending = createEnding()
    await using watchdog = startIdleWatchdog(ending, 1, clock)
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(50_000)
      watchdog.touch()
    }
    expect(ending.cause).toBeUndefined()
    await clock.advance(59_999)
    expect(ending.cause).toBeUndefined()
    await clock.advance(1)
    expect(ending.cause).toEqual({ kind: 'idle', minutes: 1 })
    expect(ending.signal.aborted).toBe(true)
  })

  it('is not moved by a clock that is set', async () => {
    const clock = createTestClock()
    const ending = createEnding()
    await using watchdog = startIdleWatchdog(ending, 1, clock)
    watchdog.touch()
    clock.jump(3_600_000)
    await clock.advance(1000)
    expect(ending.cause).toBeUndefined()
  })

  it('sleeps no more once disposed', async () => {
    const clock = createTestClock()
    const ending = createEnding()
    const watchdog = startIdleWatchdog(ending, 1, clock)
    expect(clock.sleeping).toBe(1)
    await watchdog[Symbol.asyncDispose]()
    expect(clock.sleeping).toBe(0)
    await clock.advance(120_000)
    expect(ending.cause).toBeUndefined()
  })
})

describe('endings', () => {
  it('keep their first cause', async () => {
    const clock = createTestClock()
    const ending = createEnding()
    const deadline = startDeadline(ending, 2, clock)
    ending.end({ kind: 'stop', requestedBy: 'alice' })
    await clock.advance(120_000)
    expect(ending.cause).toEqual({ kind: 'stop', requestedBy: 'alice' })
    await deadline[Symbol.asyncDispose]()
  })
})

describe('limitReached', () => {
  const limits = { wallClockMinutes: 1, idleMinutes: 1, usd: 5, turns: 3 }

  it('lets the last turn be used and the budget be spent up to its amount', () => {
    expect(limitReached(limits, { ...NO_USAGE, turns: 3, costUsd: 4.99 })).toBeUndefined()
    expect(limitReached(limits, { ...NO_USAGE, turns: 4 })).toEqual({ kind: 'turns', limit: 3, turns: 4 })
    expect(limitReached(limits, { ...NO_USAGE, costUsd: 5 })).toEqual({
      kind: 'budget',
      limitUsd: 5,
      costUsd: 5,
    })
  })

  it('knows no limit where none is set', () => {
    expect(
      limitReached({ ...limits, usd: null, turns: null }, { ...NO_USAGE, costUsd: 1e9, turns: 1e9 }),
    ).toBeUndefined()
  })
})
