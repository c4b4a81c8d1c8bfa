import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'
import { escapeJson, toJsonLine } from './machine.ts'
import { createScreen, type Screen } from './screen.ts'
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

it('escapes in JSON what a terminal obeys, and every reader gets it back', () => {
  expect(toJsonLine({ text: '\u009B31m\u202E\u001B' })).toBe('{"text":"\\u009b31m\\u202e\\u001b"}')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(escapeJson(JSON.stringify(text)))).toBe(text)
    }),
  )
})

describe('the screen', () => {
  function screenOf(
    isTTY: boolean,
    options: { noColour?: string; term?: string } = {},
  ): { screen: Screen; written: () => string } {
    let text = ''
    const write = (chunk: unknown, _encoding: string, done: () => void): void => {
      text += String(chunk)
      done()
    }
    const out = Object.assign(new Writable({ write }), { isTTY, columns: 20 })
    const screen = createScreen({
      out,
      error: new Writable({ write }),
      noColour: options.noColour,
      term: options.term ?? 'xterm',
    })
    return { screen, written: () => text }
  }

  it('replaces its block, and prints above it', () => {
    const { screen, written } = screenOf(true)
    screen.show(['one', 'two'])
    screen.print('line')
    screen.show([])
    expect(written()).toBe('one\ntwo\r\u001B[1A\u001B[0Jline\none\ntwo\r\u001B[1A\u001B[0J')
  })

  it('never lets a line of the block wrap', () => {
    const { screen, written } = screenOf(true)
    screen.show(['x'.repeat(100)])
    expect(written().length).toBe(19)
  })

  it.each([
    ['without a terminal', false, {}],
    ['on a dumb terminal', true, { term: 'dumb' }],
  ])('shows no block and no colour %s', (_case, isTTY, options) => {
    const { screen, written } = screenOf(isTTY, options)
    screen.show(['block'])
    screen.print(screen.paint('red', 'line'))
    expect(written()).toBe('line\n')
  })

  it('honours NO_COLOR, and takes an empty one for none', () => {
    expect(screenOf(true, { noColour: '1' }).screen.paint('red', 'x')).toBe('x')
    expect(screenOf(true, { noColour: '' }).screen.paint('red', 'x')).toBe('\u001B[31mx\u001B[39m')
  })
})
