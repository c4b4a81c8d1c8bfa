import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, shortHash } from './hash.ts'

describe('shortHash', () => {
  it('is the start of the base32 SHA-256', () => {
    // printf '' | sha256sum starts with e3b0c442: base32 "4oymiquy"
    expect(shortHash('', 8)).toBe('4oymiquy')
  })
})

describe('canonicalJson', () => {
  it('does not depend on the order of keys, but on everything else', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: 1, c: null } })).toBe('{"a":{"c":null,"d":1},"b":[2,1]}')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed())
        expect(canonicalJson(reversed)).toBe(canonicalJson(value))
      }),
    )
  })
})
