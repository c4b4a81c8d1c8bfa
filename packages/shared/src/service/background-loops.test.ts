import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { type Clock, RetryableError, systemClock, TerminalError } from '../core/index.ts'
import { createBackgroundLoops } from './background-loops.ts'
import { createLogger } from './logger.ts'

const silent = createLogger({ name: 'test', level: 'silent', destination: new Writable() })
const impatient: Clock = { ...systemClock, sleep: async (_ms, signal) => signal.throwIfAborted() }

describe('createBackgroundLoops', () => {
  it('starts work again after a failure worth another try, and is red meanwhile', async () => {
    const held = Promise.withResolvers<void>()
    const clock: Clock = { ...systemClock, sleep: () => held.promise }
    await using loops = createBackgroundLoops({ logger: silent, clock })
    const work = vi
      .fn<(signal: AbortSignal) => Promise<void>>()
      .mockRejectedValueOnce(new RetryableError('BROKER_UNAVAILABLE', 'the broker is away'))
      .mockImplementation(
        (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      )
    loops.start('follow', work)
    await vi.waitFor(() => expect(loops.checks()).toEqual({ follow: 'the broker is away' }))
    held.resolve()
    await vi.waitFor(() => expect(loops.checks()).toEqual({ follow: 'ok' }))
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('tells its owner about a failure that no try can mend', async () => {
    await using loops = createBackgroundLoops({ logger: silent, clock: impatient })
    loops.start('follow', () => Promise.reject(new TerminalError('BROKER_UNSUITABLE', 'too old')))
    await expect(loops.failed).rejects.toThrow('too old')
  })

  it('waits for the end of all work when disposed', async () => {
    let ended = false
    {
      await using loops = createBackgroundLoops({ logger: silent, clock: impatient })
      loops.start('work', async (signal) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
        ended = true
      })
    }
    expect(ended).toBe(true)
  })
})
