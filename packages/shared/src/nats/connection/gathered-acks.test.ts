import { describe, expect, it } from 'vitest'
import { createGatheredAcks } from './gathered-acks.ts'

const fail = (error: unknown): never => {
  throw error
}

describe('gathered acknowledgements', () => {
  it('go together, a moment later, each once', async () => {
    const turns: number[] = []
    let turn = 0
    const acks = createGatheredAcks({ gatherMs: 20, onFailure: fail })
    const message = { ack: () => void turns.push(turn) }
    acks.add(message)
    await new Promise(setImmediate)
    turn += 1
    acks.add(message)
    expect(turns).toEqual([])
    await expect.poll(() => turns).toEqual([1, 1])
    acks.flush()
    expect(turns).toHaveLength(2)
  })

  it('go at once when they are asked to', () => {
    let acked = 0
    const acks = createGatheredAcks({ gatherMs: 60_000, onFailure: fail })
    acks.add({ ack: () => void (acked += 1) })
    acks.flush()
    expect(acked).toBe(1)
  })

  it('that cannot go are told of', async () => {
    const failures: unknown[] = []
    const closed = new Error('closed')
    const acks = createGatheredAcks({ gatherMs: 1, onFailure: (error) => failures.push(error) })
    acks.add({ ack: () => fail(closed) })
    await expect.poll(() => failures).toEqual([closed])
  })
})
