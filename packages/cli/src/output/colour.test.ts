import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'
import { type ColourFacts, isColoured } from './colour.ts'

const TERMINAL: ColourFacts = {
  choice: 'auto',
  noColour: undefined,
  forceColour: undefined,
  term: 'xterm-256color',
  isTerminal: true,
}
const PIPE = { isTerminal: false }

describe('colours', () => {
  it.each<[boolean, string, Partial<ColourFacts>]>([
    [true, 'on a terminal', {}],
    [true, 'on a terminal that says nothing of itself', { term: undefined }],
    [false, 'into a pipe', PIPE],
    [false, 'on a dumb terminal', { term: 'dumb' }],
    [false, 'with NO_COLOR', { noColour: '1' }],
    [true, 'with an empty NO_COLOR', { noColour: '' }],
    [true, 'with FORCE_COLOR into a pipe', { ...PIPE, forceColour: '1' }],
    [true, 'with FORCE_COLOR on a dumb terminal', { term: 'dumb', forceColour: '3' }],
    [false, 'with FORCE_COLOR=0 on a terminal', { forceColour: '0' }],
    [false, 'with an empty FORCE_COLOR into a pipe', { ...PIPE, forceColour: '' }],
    [false, 'with NO_COLOR and FORCE_COLOR', { noColour: '1', forceColour: '1' }],
    [true, 'with --color always, whatever the environment says', { ...PIPE, choice: 'always', noColour: '1' }],
    [false, 'with --color never, whatever the environment says', { choice: 'never', forceColour: '1' }],
  ])('are %s %s', (coloured, _case, facts) => {
    expect(isColoured({ ...TERMINAL, ...facts })).toBe(coloured)
  })

  const GREEN = '\u001B[32mok'
  it.each<[boolean, string]>([
    [true, 'doctor --color always'],
    [true, '--color=always doctor'],
    [false, '--color always doctor --no-color'],
    [false, 'doctor'],
  ])('are %s with "%s"', async (coloured, line) => {
    const { out } = await run(line.split(' '), { environment: { PATH: '/nonexistent' } })
    expect(out).toContain('Node: ')
    expect(out.includes(GREEN)).toBe(coloured)
  })

  it('are refused when they are none of the words', async () => {
    const { code, error } = await run(['doctor', '--color', 'blue'])
    expect(code).toBe(2)
    expect(error).toContain('Allowed choices are auto, always, never')
  })
})
