import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutToBytes, printable, printableLine } from './text.ts'

describe('cutToBytes', () => {
  it('keeps short text as it is and says when it cuts', () => {
    expect(cutToBytes('short', 100)).toBe('short')
    expect(cutToBytes('x'.repeat(100), 50)).toMatch(/^x+… \[cut\]$/)
  })

  it('never exceeds the limit and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 20, max: 100 }), (text, max) => {
        const cut = cutToBytes(text, max)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max)
        expect(cut).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/)
      }),
    )
  })
})

describe('printable', () => {
  it('makes escape sequences and direction overrides visible and keeps lines', () => {
    expect(printable('a\u001B[31mred\u001B[0m\nb\u202Ec\td')).toBe('a\\x1b[31mred\\x1b[0m\nb\\x202ec\td')
    expect(printableLine('a\nb\tc')).toBe('a\\nb c')
    expect(printable('\r\u0007\u009B')).toBe('\\x0d\\x07\\x9b')
  })
})
