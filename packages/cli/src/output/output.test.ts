import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeJson, toJsonLine } from './machine.ts'
import { createScreen, type Screen } from './screen.ts'

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
    options: { noColour?: string; forceColour?: string; term?: string } = {},
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
      forceColour: options.forceColour,
      term: options.term ?? 'xterm',
      startPager: () => {
        throw new Error('no pager here')
      },
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

  it('lets a terminal obey our colours and nothing else, whoever wrote the text', () => {
    const { screen, written } = screenOf(true)
    const hostile = 'a\u001B[2Jb\u009B31mc\rd\u202Ee\u001B]0;f\u0007'
    const shown = String.raw`a\x1b[2Jb\x9b31mc\x0dd\x202ee\x1b]0;f\x07`
    screen.print(`${screen.paint('red', hostile)}\n`)
    screen.warn(hostile)
    screen.show([hostile.slice(0, 4)])
    expect(written()).toContain(`\u001B[31m${shown}\u001B[39m\n`)
    expect(written()).not.toContain('\u001B[2J')
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
