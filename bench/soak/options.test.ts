import { describe, expect, it } from 'vitest'
import { HELP, readOptions } from './options.ts'

describe('readOptions', () => {
  it('needs nothing, and takes everything that the help names', () => {
    expect(readOptions([])).toEqual({ attempts: 10_000, runtime: 'none', atOnce: 32, save: false })
    const all = ['--attempts', '500', '--runtime', 'process', '--at-once', '2', '--save']
    expect(readOptions(all)).toEqual({ attempts: 500, runtime: 'process', atOnce: 2, save: true })
    for (const name of all.filter((arg) => arg.startsWith('--'))) expect(HELP).toContain(name)
    expect(readOptions(['--help'])).toBe('help')
  })

  it.each([
    [['--attempts', '10'], 'attempts'],
    [['--runtime', 'pod'], 'runtime'],
    [['--at-once', '0'], 'at-once'],
    [['--attemps', '10'], '--attemps'],
  ])('refuses %j and says why', (args, what) => {
    expect(() => readOptions(args)).toThrow(what)
  })
})
