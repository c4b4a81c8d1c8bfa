import { describe, expect, it } from 'vitest'
import { keepSections } from './text-sections.ts'

const facts = (tools: readonly string[] = [], ...languages: readonly ('rust' | 'go')[]) => ({ tools, languages })
const when = (condition: string, ...lines: readonly string[]): string =>
  [`<!-- orchestrator:if ${condition} -->`, ...lines, '<!-- orchestrator:end -->'].join('\n')

describe('the sections of a rendered text', () => {
  it.each([
    ['tool a-b', facts(['a_b']), true],
    ['tool a_b', facts(['a-b']), true],
    ['tool a', facts(['ab']), false],
    ['tools', facts(['x']), true],
    ['tools', facts(), false],
    ['no tools', facts(), true],
    ['no tools', facts(['x']), false],
    ['language rust', facts([], 'rust', 'go'), true],
    ['language rust', facts([], 'go'), false],
    ['language rust', facts(), true],
  ])('stay when their condition holds: %s', (condition, known, stays) => {
    expect(keepSections(when(condition, 'x'), known)).toBe(stays ? 'x' : '')
  })

  it('may lie within each other', () => {
    const text = when('tools', 'a', when('tool t', 'b'), when('tool u', 'c'), 'd')
    expect(keepSections(text, facts(['t']))).toBe('a\nb\nd')
    expect(keepSections(text, facts())).toBe('')
  })

  it('leave no heap of empty lines behind, and touch no others', () => {
    const text = `a\n\n\nb\n\n${when('tools', 'x', '')}\n\n${when('no tools', 'y')}\n\nc\n`
    expect(keepSections(text, facts())).toBe('a\n\n\nb\n\ny\n\nc\n')
  })

  it.each([
    ['a\n<!-- orchestrator:end -->', 'line 2: ends a section that was not begun'],
    [`a\n<!-- orchestrator:if tools -->`, 'line 2: a section is not ended'],
    ['<!-- orchestrator:if weather -->', 'line 1: "orchestrator:if weather" is not known: use'],
    ['<!-- orchestrator:tool -->', 'line 1: "orchestrator:tool" is not known'],
    ['<!-- orchestrator:if language cobol -->', 'rust, typescript'],
  ])('are refused where they make no sense: %j', (text, problem) => {
    expect(() => keepSections(text, facts())).toThrow(problem)
  })

  it('are no sections within a line, and what is filled in later stays', () => {
    const text =
      'Write <!-- orchestrator:end --> here.\n  <!-- orchestrator:documents -->\n<!-- orchestrator:history -->\n<!-- orchestrator:tools -->'
    expect(keepSections(text, facts())).toBe(text)
  })
})
