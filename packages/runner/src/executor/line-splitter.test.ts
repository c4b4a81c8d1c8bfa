import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter } from './line-splitter.ts'

function split(chunks: readonly Uint8Array[], maxBytes: number): [string, number][] {
  const lines: [string, number][] = []
  const splitter = createLineSplitter({ maxBytes, onLine: (line, cutBytes) => lines.push([line, cutBytes]) })
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

describe('createLineSplitter', () => {
  it('gives the same lines however the bytes arrive', () => {
    const texts = fc.array(
      fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text)),
      { minLength: 1 },
    )
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const chunks: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(split(chunks, 1_000_000)).toEqual(lines.map((line) => [line, 0]))
      }),
    )
  })

  it('keeps the beginning of an endless line and counts the rest', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const lines = split(
      Array.from({ length: 160 }, () => chunk),
      1000,
    )
    expect(lines).toEqual([['x'.repeat(1000), 160 * 64 * 1024 - 1000]])
  })

  it('takes a last line without a newline, and carriage returns away', () => {
    expect(split([Buffer.from('a\r\nb')], 10)).toEqual([
      ['a', 0],
      ['b', 0],
    ])
    expect(split([], 10)).toEqual([])
    expect(split([Buffer.from('\n\n')], 10)).toEqual([
      ['', 0],
      ['', 0],
    ])
  })
})
