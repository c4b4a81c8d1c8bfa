import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePageCursor, encodePageCursor } from './page-cursor.ts'

describe('page cursors', () => {
  it('come back as they were given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (seq) => {
        expect(decodePageCursor(encodePageCursor(seq))).toBe(seq)
      }),
    )
  })

  it('refuse what was made up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodePageCursor(text)).toThrow('none of ours')
      }),
    )
    expect(() => decodePageCursor(`${encodePageCursor(5)}=`)).toThrow('none of ours')
    expect(() => decodePageCursor(Buffer.from('before:99999999999999999').toString('base64url'))).toThrow(
      'none of ours',
    )
  })
})
