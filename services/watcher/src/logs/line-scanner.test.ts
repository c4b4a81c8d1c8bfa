import { RUNNER_LINE_MAX_BYTES } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineText } from '../testing/attempts.ts'
import { AT_START, LineScanner, type ScannedLine } from './line-scanner.ts'

function scan(bytes: Buffer, chunkBytes = bytes.length): { lines: ScannedLine[]; scanner: LineScanner } {
  const scanner = new LineScanner(AT_START)
  const lines: ScannedLine[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) lines.push(...scanner.push(bytes.subarray(at, at + chunkBytes)))
  lines.push(...scanner.end())
  return { lines, scanner }
}

const numbers = (lines: readonly ScannedLine[]): number[] => lines.map(({ seq }) => seq)
const file = (...lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''))

describe('LineScanner', () => {
  it('passes lines on as they were written, with their place', () => {
    const odd = ' { "kind" : "text","text":"\\u001b[31mé", "seq" :2 } '
    const { lines } = scan(file(lineText(1), odd))
    expect(lines.map(({ text }) => text)).toEqual([lineText(1), odd])
    expect(lines[1]).toMatchObject({ seq: 2, start: lineText(1).length + 1, bytes: Buffer.byteLength(odd) + 1 })
  })

  it('waits for the rest of a half line, and takes a whole one without a newline at the end', () => {
    const bytes = file(lineText(1), lineText(2)).subarray(0, -1)
    const scanner = new LineScanner(AT_START)
    expect(numbers(scanner.push(bytes.subarray(0, -5)))).toEqual([1])
    expect(numbers(scanner.push(bytes.subarray(-5)))).toEqual([])
    expect(scanner.offset).toBe(bytes.length)
    expect(numbers(scanner.end())).toEqual([2])
    expect(scanner.damaged).toBe(0)
  })

  it('counts a line that stayed half', () => {
    const { lines, scanner } = scan(file(lineText(1), lineText(2)).subarray(0, -5))
    expect(numbers(lines)).toEqual([1])
    expect([scanner.last, scanner.damaged]).toEqual([1, 1])
  })

  it.each<[string, string]>([
    ['no JSON', 'Segmentation fault'],
    ['raw escape characters', '{"seq":2,"kind":"text","text":"\u001B[31m"}'],
    ['no object', '[2]'],
    ['null', 'null'],
    ['without a number', '{"kind":"text"}'],
    ['with a number that is text', '{"seq":"2"}'],
    ['with a broken number', '{"seq":2.5}'],
    ['with a number from before', lineText(1)],
    ['with a number from far ahead', '{"seq":9000000}'],
    ['too long', lineText(2, { kind: 'text', text: 'x'.repeat(RUNNER_LINE_MAX_BYTES) })],
    ['empty', ''],
  ])('leaves a line out that is %s', (_title, line) => {
    const { lines, scanner } = scan(file(lineText(1), line, lineText(3)), 100)
    expect(numbers(lines)).toEqual([1, 3])
    expect(scanner.damaged).toBe(0)
    expect(scan(file(lineText(1), line)).scanner.damaged).toBe(1)
  })

  it('keeps a line with bytes that are no UTF-8, those replaced', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"seq":1,"kind":"text","text":"'),
      Buffer.of(0xff, 0xc3),
      Buffer.from('"}\n'),
    ])
    const { lines } = scan(bytes)
    expect(lines).toMatchObject([{ seq: 1, text: '{"seq":1,"kind":"text","text":"\uFFFD\uFFFD"}', end: bytes.length }])
  })

  it('holds little of a line that never ends', () => {
    const scanner = new LineScanner(AT_START)
    const chunk = Buffer.alloc(256 * 1024, 'x')
    for (let i = 0; i < 40; i += 1) expect(scanner.push(chunk)).toEqual([])
    expect(scanner.offset).toBe(40 * chunk.length)
    expect(numbers(scanner.push(file('', lineText(1))))).toEqual([1])
  })

  it('begins amid a line with the next one, whatever its number', () => {
    const bytes = file(lineText(1), lineText(5_000_000), lineText(5_000_001))
    const offset = lineText(1).length - 3
    const scanner = new LineScanner({ offset, last: 0, amidLine: true })
    const lines = scanner.push(bytes.subarray(offset))
    expect(numbers(lines)).toEqual([5_000_000, 5_000_001])
    expect(lines[0]?.start).toBe(lineText(1).length + 1)
  })

  it('finds the same lines however the bytes are cut', () => {
    const piece = fc.oneof(
      { weight: 4, arbitrary: fc.constant('good') },
      fc.constantFrom('junk', '💥'.repeat(10), '', '{"seq":', 'x'.repeat(RUNNER_LINE_MAX_BYTES + 1)),
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.integer({ min: 1, max: 500 }),
        fc.boolean(),
        (pieces, chunk, cut) => {
          const whole = file(...pieces.map((text, i) => (text === 'good' ? lineText(i + 1) : text)))
          const bytes = cut ? whole.subarray(0, -3) : whole
          const [one, many] = [scan(bytes), scan(bytes, chunk)]
          expect(many.lines).toEqual(one.lines)
          expect([many.scanner.last, many.scanner.damaged]).toEqual([one.scanner.last, one.scanner.damaged])
          expect(
            one.lines.every(({ start, end, text }) => bytes.subarray(start, end).toString().trimEnd() === text),
          ).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})
