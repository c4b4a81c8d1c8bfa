import { PUBLISH_FAULTS, startPublishFaults, startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { stopEvent } from './testing/attempts.ts'
import { joined, texts, World } from './testing/watcher-world.ts'

describe.each(PUBLISH_FAULTS)('a publish that meets %s', (fault) => {
  it('of an end is there once, with the verdict that holds by then', async () => {
    const broker = await startTestBroker()
    await using world = await World.create(broker)
    const { attempt, write, kill } = await world.launch()
    const rival = async (): Promise<unknown> => await world.say(attempt, stopEvent(attempt))
    await using proxy = await startPublishFaults({ target: broker.url, type: 'attempt.finished', fault, rival })
    const app = await world.startWatcher({ NATS_URL: proxy.url })
    await write(joined(texts(1, 3)))
    await kill()
    const { phase, logs } = await world.untilFinished(attempt)
    expect(proxy.inflicted).toBe(1)
    expect({ phase, logs }).toEqual({ phase: fault === 'refusal' ? 'Stopped' : 'Unknown', logs: { lines: 3, gaps: 0 } })
    // It has seen its own event and goes on to the archive: nothing comes after.
    await expect.poll(() => world.place.isArchived(attempt)).toBe(true)
    await app[Symbol.asyncDispose]()
    expect(await world.finished(attempt)).toHaveLength(1)
  })
})
