import { describe, expect, it } from 'vitest'
import { nextMeasure, NOT_STOPPED } from './stop-pace.ts'

const graces = { askMs: 100, termMs: 50 }

describe('nextMeasure', () => {
  it.each([
    ['asks first', NOT_STOPPED, 1000, { measure: 'ask', leftMs: 100 }],
    ['goes on asking within the grace', { askedAt: 1000, termAt: undefined }, 1060, { measure: 'ask', leftMs: 40 }],
    ['terminates after it', { askedAt: 1000, termAt: undefined }, 1100, { measure: 'term', leftMs: 50 }],
    ['waits for the end', { askedAt: 1000, termAt: 1100 }, 1149, { measure: 'term', leftMs: 1 }],
    ['kills then', { askedAt: 1000, termAt: 1100 }, 1150, { measure: 'kill', leftMs: 0 }],
  ] as const)('%s', (...[, record, now, move]) => {
    expect(nextMeasure(record, graces, now)).toEqual(move)
  })

  it('does not ask where there is no time for it', () => {
    expect(nextMeasure(NOT_STOPPED, { askMs: 0, termMs: 50 }, 7)).toEqual({ measure: 'term', leftMs: 50 })
  })
})
