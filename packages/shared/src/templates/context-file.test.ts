import { describe, expect, it } from 'vitest'
import { completeContext } from './context-file.ts'
import { templateContext } from './context.ts'
import { SAMPLES } from './sample.ts'

const first = templateContext(SAMPLES.first)
const complete = (given: unknown): unknown => completeContext(first, given, 'context.json')

describe('a person’s values for templates', () => {
  it('replace those of the sample, part by part', () => {
    expect(complete({ service_name: 'auth', repository: { branch: 'next' }, gates: [{ name: 'x', command: 'y' }] })).toEqual({
      ...first,
      service_name: 'auth',
      repository: { url: 'https://github.com/myorg/trader.git', branch: 'next', github_user: 'claude-agent-1' },
      gates: [{ name: 'x', command: 'y' }],
    })
  })

  it('may be missing where a value may', () => {
    expect(complete({ limits: { usd: 3, turns: null }, toolman: null })).toMatchObject({
      limits: { usd: 3, turns: null, idle_minutes: 15 },
      toolman: null,
    })
    expect(complete({ toolman: { command: '/opt/toolman' } })).toMatchObject({ toolman: { command: '/opt/toolman' } })
  })

  it('are all named where they are none', () => {
    expect(() => complete({ servce: 'x', limits: { hours: 1 }, tag: 1, attempts: [], gates: 'x' })).toThrow(
      /^context\.json is no context: servce does not exist: there is repository.*; limits\.hours does not exist: there is wall_clock_minutes.*; tag must be a string; attempts must be an object; gates must be a list/,
    )
    expect(() => complete([])).toThrow('the document must be an object')
  })
})
