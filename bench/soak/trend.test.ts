import { describe, expect, it } from 'vitest'
import { judge, type Point, trendOf } from './trend.ts'

const points = (value: (i: number) => number): readonly Point[] =>
  Array.from({ length: 20 }, (_, i) => ({ attempts: i * 500, value: value(i) }))
/** No chance: the same every time. */
const noise = (i: number): number => [0.3, -0.2, 0.1, -0.4, 0.2][i % 5] ?? 0

describe('trendOf', () => {
  it('gives the slope for each 1,000 attempts', () => {
    expect(trendOf(points((i) => 7 + i))).toEqual({ slope: 2, low: 2, high: 2 })
  })

  it('is not led astray by some odd samples', () => {
    expect(trendOf(points((i) => (i === 12 || i === 19 ? 900 : 50))).slope).toBe(0)
  })

  it('needs two samples', () => {
    expect(() => trendOf([{ attempts: 1, value: 1 }])).toThrow('two samples')
  })
})

describe('judge', () => {
  it('sees growth in noise', () => {
    expect(judge(trendOf(points((i) => 10 * noise(i) + i)), 0.1)).toBe('grows')
  })

  it('sees none in noise alone, and in what stops to grow', () => {
    expect(judge(trendOf(points((i) => 50 + noise(i))), 0.1)).toBe('does not grow')
    expect(judge(trendOf(points((i) => Math.min(i, 2)).slice(4)), 0.1)).toBe('does not grow')
  })

  it('says so when the noise hides the answer', () => {
    expect(judge(trendOf(points((i) => 400 * noise(i) + i).slice(0, 6)), 0.1)).toBe('cannot be told')
  })
})
