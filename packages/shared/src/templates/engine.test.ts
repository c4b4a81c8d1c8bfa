import { describe, expect, it } from 'vitest'
import type { TextFormat } from './escape.ts'
import { compileTemplate } from './engine.ts'

function render(text: string, context: Record<string, unknown>, format: TextFormat = 'md'): string {
  return compileTemplate({ path: 'x.hbs', text, format })(context)
}

describe('compileTemplate', () => {
  it('escapes every value for the format of the text', () => {
    const context = { value: `a'"*`, inner: { value: '*' } }
    expect(render('{{value}} {{inner.value}}', context)).toBe(String.raw`a'"\* \*`)
    expect(render('"{{value}}"', context, 'json')).toBe(String.raw`"a'\"*"`)
    expect(render('x={{value}}', context, 'sh')).toBe(String.raw`x='a'\''"*'`)
  })

  it('escapes values within blocks, loops and block parameters', () => {
    const text = '{{#each list as |item i|}}{{i}}:{{item.x}},{{lookup item "x"}};{{/each}}{{#with one}}{{x}}{{/with}}'
    expect(render(text, { list: [{ x: '*' }, { x: '_' }], one: { x: '#' } })).toBe(String.raw`0:\*,\*;1:\_,\_;\#`)
  })

  it('never reads a value as a template', () => {
    expect(render('{{a}}', { a: '{{b}}', b: 'secret' })).toBe(String.raw`\{\{b\}\}`)
    expect(render('{{quote a}}', { a: '{{b}}', b: 'secret' })).toBe('> {{b}}')
  })

  it.each([
    ['{{missing}}'],
    ['{{a.missing}}'],
    ['{{#if missing}}x{{/if}}'],
    ['{{quote missing}}'],
    ['{{code a.missing}}'],
    ['{{#each list as |item|}}{{item.missing}}{{/each}}'],
    ['{{constructor}}'],
    ['{{a.__proto__.x}}'],
  ])('refuses a value that is not there: %s', (text) => {
    expect(() => render(text, { a: {}, list: [{}] })).toThrow(/^the template x\.hbs cannot be rendered/)
  })

  it.each([
    ['{{a}}', { a: {} }],
    ['{{a}}', { a: [] }],
    ['{{a}}', { a: null }],
    ['{{quote a}}', { a: null }],
  ])('refuses what is not a text: %s of %j', (text, context) => {
    expect(() => render(text, context)).toThrow(/not a text/)
  })

  it.each([
    ['{{{a}}}', /line 1: use \{\{ \}\}/],
    ['{{&a}}', /use \{\{ \}\}/],
    ['\n{{> other}}', /line 2: partials/],
    ['{{#if a}}', /cannot be rendered: Parse error/],
    ['{{unknown a}}', /unknown/],
  ])('refuses %s', (text, problem) => {
    expect(() => render(text, { a: 'x' })).toThrow(problem)
  })

  it('writes whole JSON values', () => {
    expect(render('[{{json a}},{{json b}}]', { a: '"', b: ['x'] }, 'json')).toBe(String.raw`["\"",["x"]]`)
  })
})
