import { describe, expect, it } from 'vitest'
import { launchFolder } from './launch-layout.ts'

describe('launchFolder', () => {
  it('is named by the attempt, and from the second generation on by that too', () => {
    expect(launchFolder('/state', { name: 'trader-task1-attempt1', generation: 1 })).toBe(
      '/state/launches/trader-task1-attempt1',
    )
    expect(launchFolder('/state', { name: 'trader-task1-attempt1', generation: 2 })).toBe(
      '/state/launches/trader-task1-attempt1-g2',
    )
  })

  it.each(['..', '../x', 'a/b', '', '.hidden', 'a\u0000b', 'A'])('is refused for the name %j', (name) => {
    expect(() => launchFolder('/state', { name, generation: 1 })).toThrow('cannot be the name of a folder')
  })
})
