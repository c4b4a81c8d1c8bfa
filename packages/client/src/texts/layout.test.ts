import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseAgo, parseDuration, parseSpan } from './duration.ts'
import { formatFields, formatTable } from './table.ts'
import { cutToWidth, displayWidth } from './width.ts'

it.each([
  [0, '0s'],
  [59_999, '59s'],
  [192_000, '3m 12s'],
  [7_500_000, '2h 05m'],
  [100 * 3_600_000, '4d 4h'],
  [-5, '0s'],
])('writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

it.each([
  ['90', 90_000],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['500ms', 500],
])('reads %s as %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each([
  ['90s', 90_000],
  ['7d', 604_800_000],
])('reads %s as %i milliseconds', (text, ms) => {
  expect(parseSpan(text)).toBe(ms)
})

it.each([
  ['24h', '2026-11-23T10:00:00.000Z'],
  ['7d', '2026-11-17T10:00:00.000Z'],
  ['2026-03-02T09:00:00+01:00', '2026-03-02T09:00:00+01:00'],
  ['2026-99', '2026-99'],
])('reads %s as a time that has been', (text, time) => {
  expect(parseAgo(text, new Date('2026-11-24T10:00:00.000Z'))).toBe(time)
})

it.each(['', 'yesterday', '-1h', '24', '1.2.3h', '1e3h', '99999999999h'])('does not read %j as a time', (text) => {
  expect(() => parseAgo(text, new Date())).toThrow(/use for example/)
})

it.each(['', 'soon', '-1s', '1d', '1 h', '1e3', 's'])('does not read %j as a duration', (text) => {
  expect(() => parseDuration(text)).toThrow('is no duration')
})

describe('width', () => {
  it.each([
    ['abc', 3],
    ['\u001B[31mabc\u001B[39m', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['a\u200Bb', 2],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('never exceeds what it is cut to, and keeps styles whole', () => {
    expect(cutToWidth('\u001B[31mabcdef\u001B[39m', 4)).toBe('\u001B[31mabc\u001B[39m…')
    expect(cutToWidth('日本語', 4)).toBe('日…')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(displayWidth(cutToWidth(text, width))).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('tables', () => {
  it('leave out what has no value, and keep further lines in their column', () => {
    expect(
      formatFields([
        ['A', 'one\ntwo'],
        ['Long', undefined],
        ['Empty', ''],
        ['Bc', 'three'],
      ]),
    ).toBe('  A   one\n      two\n  Bc  three')
  })

  it('line up by what is seen', () => {
    const red = '\u001B[31mx\u001B[39m'
    expect(
      formatTable([
        ['A', 'B'],
        [red, '1'],
        ['日本', '2'],
      ]),
    ).toBe(`A     B\n${red}     1\n日本  2`)
  })
})
