import { describe, expect, it } from 'vitest'
import { wholeHistory } from './checks/broken-histories.ts'
import { countFigures, describeFigures, type RoundFigures } from './figures.ts'

const figures = (change: Partial<RoundFigures> = {}): RoundFigures => {
  const history = {
    ...wholeHistory(),
    told: [1, 1, 2],
    kills: [{ victim: 'notifier', submittedId: undefined } as const],
  }
  const rest = { resent: 3, redelivered: 2, recoveryMs: 1500, last: 'x has no end', ownEnds: [] }
  return { ...countFigures({ history, disturbances: ['cut', 'cut'], ...rest }), ...change }
}

describe('figures', () => {
  it('count what happened', () => {
    expect(figures()).toMatchObject({
      attempts: 2,
      phases: { 'Succeeded Completed': 2 },
      kills: { notifier: 1 },
      disturbances: { cut: 2 },
      doubled: 1,
      doublingCrashes: 1,
    })
  })

  it('are added up over rounds, with the slowest recovery of all', () => {
    const text = describeFigures([figures(), figures({ recoveryMs: 20_000, last: 'y waits' })])
    expect(text).toContain('attempts            4 (Succeeded Completed 4)')
    expect(text).toContain('kills               notifier 2')
    expect(text).toContain('disturbances        cut 4')
    expect(text).toContain('slowest recovery    20.0 s (last: y waits)')
  })
})
