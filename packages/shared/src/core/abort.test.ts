import { describe, expect, it } from 'vitest'
import { isAbort, raceAbort } from './abort.ts'
import { systemClock } from './clock.ts'

describe('raceAbort', () => {
  it('gives the result when nobody aborts', async () => {
    await expect(raceAbort(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1)
  })

  it('hears of a failure that nobody waits for, because the signal had aborted before', async () => {
    const unheard: unknown[] = []
    const onUnheard = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', onUnheard)
    const work = Promise.withResolvers<never>()
    await expect(raceAbort(work.promise, AbortSignal.abort('over'))).rejects.toBe('over')
    work.reject(new Error('too late'))
    await new Promise(setImmediate)
    process.off('unhandledRejection', onUnheard)
    expect(unheard).toEqual([])
  })

  it('rejects with the reason as soon as the signal aborts', async () => {
    const stop = new AbortController()
    const waiting = raceAbort(new Promise(() => undefined), stop.signal)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(isAbort(reason, stop.signal)).toBe(true)
  })
})

describe('systemClock', () => {
  it('rejects a sleep with the reason of the abort', async () => {
    const stop = new AbortController()
    const sleeping = systemClock.sleep(60_000, stop.signal)
    const reason = new Error('wake')
    stop.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
  })
})
