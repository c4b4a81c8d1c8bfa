import { describe, expect, it } from 'vitest'
import { HELP, readOptions } from './options.ts'

describe('readOptions', () => {
  it('needs nothing, and takes everything that the help names', () => {
    expect(readOptions([])).toMatchObject({ rounds: 10, round: 1, 'at-once': 2 })
    const all = ['--rounds', '3', '--seed', 'x', '--only', 'up', '--round', '7', '--at-once', '1']
    expect(readOptions(all)).toEqual({ rounds: 3, seed: 'x', only: 'up', round: 7, 'at-once': 1 })
    for (const name of all.filter((arg) => arg.startsWith('--'))) expect(HELP).toContain(name)
    expect(readOptions(['--help', '--rounds', '3'])).toBe('help')
  })

  it.each([
    [['--rounds', '0'], 'rounds'],
    [['--rounds', 'many'], 'rounds'],
    [['--only', 'everything'], 'only'],
    [['--at-once', '100'], 'at-once'],
    [['--sed', '3'], '--sed'],
  ])('refuses %j and says why', (args, what) => {
    expect(() => readOptions(args)).toThrow(what)
  })
})
