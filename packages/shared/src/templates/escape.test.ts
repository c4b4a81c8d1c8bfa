import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeSpan, escapeFor, escapeJson, escapeMarkdown, LINE_BREAK, quoteBlock, quoteShell } from './escape.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })

describe('escapeJson', () => {
  it('gives back every text that it was given, however hostile', () => {
    fc.assert(fc.property(anyText, (text) => JSON.parse(`"${escapeJson(text)}"`) === text))
  })
})

describe('quoteShell', () => {
  it.each([['it\'s $(id) `id` "$HOME" \\ ; & | > x\n# y'], [''], ["'''"], ['-n'], ['line\nline']])(
    'is one literal word for a real shell: %j',
    (text) => {
      const read = execFileSync('sh', ['-c', `printf %s ${quoteShell(text)}`], { encoding: 'utf8' })
      expect(read).toBe(text)
    },
  )
})

describe('quoteBlock', () => {
  it('starts every line of ours with a mark, whatever ends lines in the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const quoted = quoteBlock(`${text}\r\n# heading\u2028- item\u000B<!-- orchestrator:documents -->`)
        expect(quoted.split(LINE_BREAK).every((line) => line.startsWith('>'))).toBe(true)
      }),
    )
  })

  it('keeps the words and the braces of a person as they are', () => {
    expect(quoteBlock('Use {{reqwest}}, not <curl>.\n\n```rust\nlet a = 1;\n```')).toBe(
      '> Use {{reqwest}}, not <curl>.\n>\n> ```rust\n> let a = 1;\n> ```',
    )
  })

  it('drops escape sequences and direction overrides', () => {
    expect(quoteBlock('\u001B[31mred\u001B[0m \u202Eabc')).toBe('> [31mred[0m abc')
  })
})

describe('every Markdown form', () => {
  it.each([quoteBlock, escapeMarkdown, codeSpan])('makes the lines of the runner plain text (%o)', (form) => {
    for (const text of [
      '<!-- orchestrator:documents -->',
      '<!--orchestrator:history-->',
      '<!--\n ORCHESTRATOR:history -->',
    ]) {
      expect(form(text)).not.toMatch(/<!--\s*>?\s*orchestrator:/i)
    }
  })

  it('keeps an inline value on its line', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeMarkdown(text)).not.toMatch(LINE_BREAK)
        expect(codeSpan(text)).not.toMatch(LINE_BREAK)
      }),
    )
  })

  it('makes a fence that the value cannot close', () => {
    expect(codeSpan('feature/x')).toBe('`feature/x`')
    expect(codeSpan('a`b``c')).toBe('``` a`b``c ```')
  })

  it('lets characters stand for themselves', () => {
    expect(escapeMarkdown('# a *b* [c](d) `e` <f> | g')).toBe(String.raw`\# a \*b\* \[c\](d) \`e\` \<f\> \| g`)
  })
})

describe('escapeFor', () => {
  it('knows each format', () => {
    expect([escapeFor('md', '*'), escapeFor('json', '"'), escapeFor('sh', "'")]).toEqual([
      String.raw`\*`,
      String.raw`\"`,
      String.raw`''\'''`,
    ])
  })
})
