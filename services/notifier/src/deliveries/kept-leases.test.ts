import { describe, expect, it } from 'vitest'
import { createKeptLeases } from './kept-leases.ts'

describe('kept leases', () => {
  it('serve once, and only while they are held for sure', () => {
    let nowMs = 0
    const kept = createKeptLeases(() => nowMs)
    kept.keep('one', 0)
    kept.keep('two', 0)
    expect(kept.has('one')).toBe(true)
    nowMs = 4_999
    expect(kept.take('one')).toBe(0)
    expect([kept.has('one'), kept.take('one')]).toEqual([false, undefined])
    nowMs = 5_000
    expect(kept.take('two')).toBeUndefined()
  })

  it('go back after a second, or all at once', () => {
    let nowMs = 0
    const kept = createKeptLeases(() => nowMs)
    kept.keep('old', 0)
    kept.keep('new', 500)
    nowMs = 1_000
    expect(kept.takeOutdated()).toEqual(['old'])
    expect(kept.takeAll()).toEqual(['new'])
    expect(kept.takeAll()).toEqual([])
  })
})
