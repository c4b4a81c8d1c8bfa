import { describe, expect, it } from 'vitest'
import { createHashFilter, hashOn } from './hash-filter.ts'

describe('a hash filter', () => {
  it('never denies what was noted, and nearly always what was not', () => {
    const filter = createHashFilter()
    const hashes = Array.from({ length: 100_000 }, (_, i) => hashOn(1, `http/local/key-${i}`))
    for (const hash of hashes) filter.note(hash)
    expect(hashes.every((hash) => filter.mayHold(hash))).toBe(true)
    const others = hashes.filter((_, i) => filter.mayHold(hashOn(1, `http/local/key-${hashes.length + i}`)))
    expect(others.length).toBeLessThan(50)
  })
})

describe('hashOn', () => {
  it('tells apart what was hashed before, and where one text ends', () => {
    const hashes = [
      hashOn(1, 'ab'),
      hashOn(2, 'ab'),
      hashOn(hashOn(1, 'a'), 'b'),
      hashOn(hashOn(1, 'ab'), ''),
      hashOn(1, ''),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
