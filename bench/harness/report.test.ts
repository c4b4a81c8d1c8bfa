import { describe, expect, it } from 'vitest'
import { verdict } from './report.ts'

describe('verdict', () => {
  it('states a ratio and its goal', () => {
    expect(verdict('slots', { kind: 'ratio', atLeast: 0.9 }, { modes: { only: 0.954 } })).toBe(
      'slots: ratio 0.95 (goal 0.9)',
    )
  })

  it('states a percentile in milliseconds and its goal', () => {
    expect(verdict('submit', { kind: 'p99', atMostMs: 50 }, { modes: { only: 12 } })).toBe(
      'submit: p99 12.0 ms (goal 50)',
    )
  })

  it('states a rate with its unit and its goal', () => {
    const goal = { kind: 'rate', atLeast: 20_000, unit: 'lines/s' } as const
    expect(verdict('logs', goal, { modes: { only: 19_999.9 } })).toBe('logs: 19999 lines/s (goal 20000)')
    expect(verdict('logs', goal, { modes: { one: 30_000, other: 25_000 } })).toContain(' 25000 lines/s')
  })

  it('takes the worse of two modes', () => {
    const modes = { quiet: 0.99, busy: 0.8 }
    expect(verdict('slots', { kind: 'ratio', atLeast: 0.9 }, { modes })).toContain('ratio 0.80')
    expect(verdict('submit', { kind: 'p99', atMostMs: 1 }, { modes })).toContain('p99 1.0 ms')
  })

  it('never rounds a missed goal to a met one', () => {
    expect(verdict('slots', { kind: 'ratio', atLeast: 0.9 }, { modes: { only: 0.8999 } })).toContain('ratio 0.89')
    expect(verdict('submit', { kind: 'p99', atMostMs: 50 }, { modes: { only: 50.01 } })).toContain('p99 50.1 ms')
  })

  it('keeps a value that is exact already', () => {
    expect(verdict('slots', { kind: 'ratio', atLeast: 0.2 }, { modes: { only: 0.29 } })).toContain('ratio 0.29')
    expect(verdict('submit', { kind: 'p99', atMostMs: 2 }, { modes: { only: 1.1 } })).toContain('p99 1.1 ms')
  })

  it('refuses a measurement without a mode', () => {
    expect(() => verdict('slots', { kind: 'ratio', atLeast: 1 }, { modes: {} })).toThrow('no mode')
  })
})
