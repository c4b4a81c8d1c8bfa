import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createLedgerRoom, hasRoom } from './ledger-room.ts'

const GIB = 1024 ** 3

describe('hasRoom', () => {
  it.each([
    ['plenty', { freeBytes: GIB, freeShare: 1 }, 0, true],
    ['a tenth', { freeBytes: GIB, freeShare: 0.1 }, 0, true],
    ['less than a tenth', { freeBytes: GIB, freeShare: 0.0999 }, 0, false],
    ['just enough for the unfinished and a thousand more', { freeBytes: 1200 * 32 * 1024, freeShare: 0.5 }, 200, true],
    ['a byte less', { freeBytes: 1200 * 32 * 1024 - 1, freeShare: 0.5 }, 200, false],
  ])('judges %s', (...[, room, unfinished, enough]) => {
    expect(hasRoom(room, unfinished)).toBe(enough)
  })
})

describe('createLedgerRoom', () => {
  it('asks again and again, and refuses with a time to come back', async () => {
    const clock = createTestClock()
    const stop = new AbortController()
    let freeShare = 0.05
    const ledger = { room: async () => ({ freeBytes: GIB, freeShare }) }
    const room = createLedgerRoom({ ledger, unfinished: () => 0, clock })
    expect(() => room.assertRoom()).not.toThrow()
    const refreshing = room.refresh(stop.signal)
    await clock.advance(0)
    expect(() => room.assertRoom()).toThrow(expect.objectContaining({ code: 'LEDGER_FULL', retryAfterMs: 30_000 }))
    freeShare = 0.5
    await clock.advance(2000)
    expect(() => room.assertRoom()).not.toThrow()
    stop.abort()
    await expect(refreshing).rejects.toThrow()
  })
})
