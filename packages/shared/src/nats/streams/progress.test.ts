import { progressedEvent, sampleAttempt, startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { progressSubject } from '../../contracts/index.ts'
import { createProgress } from './progress.ts'

describe('progress', () => {
  it('is published, followed from a sequence, and fails at once while disconnected', async () => {
    await using server = await startTestBroker()
    const broker = await server.connect('test')
    const progress = createProgress(broker)
    const ref = sampleAttempt()
    const stop = new AbortController()
    await progress.publish(progressSubject(ref), progressedEvent(ref))
    await progress.publish(progressSubject(ref), progressedEvent(ref))
    expect(await progress.lastSeq(stop.signal)).toBe(2)
    const seen: number[] = []
    const following = (async () => {
      for await (const { seq } of progress.follow({ fromSeq: 2, signal: stop.signal })) seen.push(seq)
    })()
    await expect.poll(() => seen).toEqual([2])
    await progress.publish(progressSubject(ref), progressedEvent(ref))
    await expect.poll(() => seen).toEqual([2, 3])
    await server.kill()
    await expect.poll(() => broker.connected).toBe(false)
    await expect(progress.publish(progressSubject(ref), progressedEvent(ref))).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
    })
    stop.abort()
    await following
  })
})
