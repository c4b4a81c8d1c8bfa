import { describe, expect, it } from 'vitest'
import { letterState } from './letter-state.ts'

const asked = new Date('2026-01-01T00:00:00Z')
const time = new Date('2026-01-01T00:00:05Z')

describe('a dead letter', () => {
  it('is open until a replay is asked for, and is replayed until its end is known', () => {
    expect(letterState({})).toEqual({ kind: 'open' })
    expect(letterState({ asked })).toEqual({ kind: 'replaying', replayedAt: asked })
  })

  it.each(['handled', 'obsolete', 'failed'] as const)('is %s once its replay ended so, and says when', (outcome) => {
    const end = { v: 1, outcome, text: 'why', next: 9 } as const
    expect(letterState({ asked, ended: { time, end } })).toEqual({
      kind: outcome,
      replayedAt: asked,
      endedAt: time,
      text: 'why',
      next: 9,
    })
  })
})
