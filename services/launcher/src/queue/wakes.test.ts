import { systemClock } from '@orchestrator/shared/core'
import { createTestClock, type TestClock } from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Rest } from '../reconcile/step-context.ts'
import { logger } from '../testing/test-world.ts'
import { createWakes, type Wakes, type WakesOptions } from './wakes.ts'

function createTestWakes(
  reconcile: WakesOptions['reconcile'],
  clock: TestClock = createTestClock(),
  concurrency = 4,
): Wakes {
  return createWakes({ reconcile, concurrency, clock, random: () => 1, logger })
}

const settled = (): Promise<void> => systemClock.sleep(5, new AbortController().signal)

describe('createWakes', () => {
  it('looks once for wakes that come before the look, and again for one that comes during it', async () => {
    const looks: string[] = []
    const gate = Promise.withResolvers<Rest>()
    await using wakes = createTestWakes((service) => (looks.push(service) === 1 ? gate.promise : Promise.resolve({})))
    wakes.wake('trader')
    wakes.wake('trader')
    await vi.waitFor(() => expect(looks).toHaveLength(1))
    wakes.wake('trader')
    wakes.wake('trader')
    await settled()
    expect(looks).toHaveLength(1)
    gate.resolve({})
    await vi.waitFor(() => expect(looks).toHaveLength(2))
    await settled()
    expect(looks).toHaveLength(2)
  })

  it('looks again when the look asks for it', async () => {
    const clock = createTestClock()
    const looks: string[] = []
    await using wakes = createTestWakes(
      (service) => Promise.resolve(looks.push(service) === 1 ? { lookAgainMs: 500 } : {}),
      clock,
    )
    wakes.wake('trader')
    await vi.waitFor(() => expect(clock.sleeping).toBe(1))
    await clock.advance(499)
    expect(looks).toHaveLength(1)
    await clock.advance(1)
    await vi.waitFor(() => expect(looks).toHaveLength(2))
    expect(clock.sleeping).toBe(0)
  })

  it('tries again after failures, with growing delays, and says which workspace is stuck', async () => {
    const clock = createTestClock()
    let fails = true
    await using wakes = createTestWakes(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve({})), clock)
    wakes.wake('trader')
    for (const delay of [200, 400, 800]) {
      await vi.waitFor(() => expect(clock.sleeping).toBe(1))
      await clock.advance(delay)
    }
    await vi.waitFor(() => expect(wakes.check()).toBe('cannot reconcile trader'))
    fails = false
    await vi.waitFor(() => expect(clock.sleeping).toBe(1))
    await clock.advance(1600)
    await vi.waitFor(() => expect(wakes.check()).toBe('ok'))
  })

  it('looks at no more workspaces at a time than it may', async () => {
    let running = 0
    let most = 0
    const gate = Promise.withResolvers<void>()
    const services = Array.from({ length: 9 }, (_none, i) => `service-${i}`)
    const seen = new Set<string>()
    await using wakes = createTestWakes(
      async (service) => {
        running += 1
        most = Math.max(most, running)
        await gate.promise
        seen.add(service)
        running -= 1
        return {}
      },
      createTestClock(),
      3,
    )
    for (const service of services) wakes.wake(service)
    await settled()
    gate.resolve()
    await vi.waitFor(() => expect(seen.size).toBe(9))
    expect(most).toBe(3)
  })

  it('looks at waiting workspaces in order, until there is nothing left to give', async () => {
    const looks: string[] = []
    await using wakes = createTestWakes((service) => {
      looks.push(service)
      return Promise.resolve(service === 'b' ? { waitsFor: 'global' } : {})
    })
    wakes.wakeInOrder(['a', 'b', 'c'], ({ waitsFor }) => waitsFor === undefined)
    await vi.waitFor(() => expect(looks).toEqual(['a', 'b']))
    await settled()
    expect(looks).toEqual(['a', 'b'])
  })

  it('aborts looks and alarms when it is disposed, and waits for their end', async () => {
    const clock = createTestClock()
    let ended = false
    const wakes = createTestWakes((service, signal) => {
      if (service === 'later') return Promise.resolve({ lookAgainMs: 1000 })
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          ended = true
          reject(signal.reason)
        }),
      )
    }, clock)
    wakes.wake('later')
    wakes.wake('trader')
    await vi.waitFor(() => expect(clock.sleeping).toBe(1))
    await wakes[Symbol.asyncDispose]()
    expect(ended).toBe(true)
    expect(clock.sleeping).toBe(0)
    wakes.wake('trader')
  })
})
