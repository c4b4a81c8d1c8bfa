import { describe, expect, it } from 'vitest'
import { createHashFilter } from './hash-filter.ts'
import { hashOfKey } from './hashes.ts'

describe('a hash filter', () => {
  it('never denies what was noted, and nearly always what was not', () => {
    const filter = createHashFilter()
    const hashes = Array.from({ length: 100_000 }, (_, i) => hashOfKey(`http/local/key-${i}`))
    for (const hash of hashes) filter.note(hash)
    expect(hashes.every((hash) => filter.mayHold(hash))).toBe(true)
    const others = hashes.filter((_, i) => filter.mayHold(hashOfKey(`http/local/key-${hashes.length + i}`)))
    expect(others.length).toBeLessThan(50)
  })
})
