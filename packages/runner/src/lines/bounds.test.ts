import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundLine, cutToJsonBytes } from './bounds.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 400 })

describe('cutToJsonBytes', () => {
  it('keeps within the bound as JSON, cuts no character, and counts what is gone', () => {
    fc.assert(
      fc.property(anyText, fc.nat(500), (text, maxBytes) => {
        const cut = cutToJsonBytes(text, maxBytes)
        expect(Buffer.byteLength(JSON.stringify(cut.text)) - 2).toBeLessThanOrEqual(maxBytes)
        expect(text.startsWith(cut.text)).toBe(true)
        expect(cut.cutBytes).toBe(Buffer.byteLength(text) - Buffer.byteLength(cut.text))
      }),
    )
  })

  it('leaves a text that fits alone', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(cutToJsonBytes(text, Buffer.byteLength(JSON.stringify(text)))).toEqual({ text, cutBytes: 0 })
      }),
    )
  })
})

describe('boundLine', () => {
  it('brings any line with texts under its bound and leaves it JSON', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.integer({ min: 300, max: 900 }), (tool, summary, maxBytes) => {
        const bounded = boundLine(JSON.stringify({ seq: 1, kind: 'tool', tool, summary }), maxBytes)
        expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(maxBytes)
        expect(JSON.parse(bounded)).toMatchObject({ seq: 1, kind: 'tool' })
      }),
    )
  })

  it('adds to the count that output already has', () => {
    const line = JSON.stringify({ kind: 'output', stream: 'stdout', text: 'é'.repeat(1000), cut: 7 })
    const bounded = JSON.parse(boundLine(line, 500))
    expect(bounded.cut).toBe(7 + 2000 - Buffer.byteLength(bounded.text))
  })

  it('counts the six bytes of a control character', () => {
    const bounded = boundLine(JSON.stringify({ kind: 'text', text: '\u001B'.repeat(5000) }), 12_288)
    expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(12_288)
    expect(bounded).toContain('bytes cut')
  })
})
