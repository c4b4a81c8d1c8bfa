import { createLogger } from '@orchestrator/shared/service'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { TASK } from '../testing/fakes.ts'
import { newDelivery } from './delivery.ts'
import { DELIVERY_MAX_AGE_MS, forgetDeliveries, isForgettable } from './forget-deliveries.ts'

const told = newDelivery({ channel: 'team', task: TASK, told: 7 })

describe('deliveries', () => {
  it('are forgotten when all is told and nothing has to be found again', () => {
    expect(isForgettable(told)).toBe(true)
    expect(isForgettable({ ...told, dirty: 8 })).toBe(false)
    expect(isForgettable({ ...told, holder: 'somebody' })).toBe(false)
    expect(isForgettable({ ...told, root: 'C1/1' })).toBe(false)
  })

  it('are gone through at the start and every hour, those of thirty days', async () => {
    const clock = createTestClock()
    const stop = new AbortController()
    const asked: number[] = []
    const expire = async (maxAgeMs: number): Promise<number> => asked.push(maxAgeMs)
    const logger = createLogger({ name: 'test', level: 'silent' })
    const forgetting = forgetDeliveries({ expire, clock, logger }, stop.signal)
    await clock.advance(0)
    await clock.advance(3_600_000)
    expect(asked).toEqual([DELIVERY_MAX_AGE_MS, DELIVERY_MAX_AGE_MS])
    expect(DELIVERY_MAX_AGE_MS).toBe(30 * 24 * 3_600_000)
    stop.abort()
    await expect(forgetting).rejects.toThrow()
  })
})
