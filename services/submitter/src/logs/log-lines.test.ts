import type { LogBatch, LogBatchHead } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { linesOfArchived, linesOfBatch, linesOfEnd } from './log-lines.ts'

const line = (seq: number): string =>
  JSON.stringify({ seq, time: '2026-01-01T00:00:00.000Z', kind: 'text', text: `"seq":99` })
const batch = (seqs: readonly number[], head: Partial<LogBatchHead> = {}): LogBatch => ({
  head: { v: 1, submittedId: 'x', first: seqs[0] ?? 1, last: seqs.at(-1) ?? 0, count: seqs.length, gaps: [], ...head },
  lines: seqs.map(line),
})
const START = { next: 1, lost: 0 }
const gap = (first: number, last: number): string => JSON.stringify({ kind: 'gap', first, last })

describe('linesOfBatch', () => {
  it('hands lines on as they were written', () => {
    const part = linesOfBatch(batch([1, 2, 3]), START)
    expect(part).toEqual({ lines: [line(1), line(2), line(3)], position: { next: 4, lost: 0 }, ended: false })
  })

  it('begins in the middle of a batch', () => {
    expect(linesOfBatch(batch([1, 2, 3]), { next: 3, lost: 0 }).lines).toEqual([line(3)])
  })

  it('tells a gap in its place, cut to what was asked', () => {
    const gapped = batch([3, 6], {
      first: 3,
      last: 6,
      gaps: [
        { first: 4, last: 5 },
        { first: 1, last: 2 },
      ],
    })
    const whole = linesOfBatch(gapped, START)
    expect(whole.lines).toEqual([gap(1, 2), line(3), gap(4, 5), line(6)])
    expect(whole.position).toEqual({ next: 7, lost: 4 })
    expect(linesOfBatch(gapped, { next: 5, lost: 0 }).lines).toEqual([gap(5, 5), line(6)])
  })

  it('tells what the stream has let go as a gap', () => {
    expect(linesOfBatch(batch([5, 6]), START)).toMatchObject({
      lines: [gap(1, 4), line(5), line(6)],
      position: { lost: 4 },
    })
    expect(linesOfBatch(batch([5, 6]), { next: 4, lost: 0 }).lines).toEqual([gap(4, 4), line(5), line(6)])
  })

  it('ends with the counts of the closing batch', () => {
    const closing = batch([], { first: 4, last: 3, gaps: [{ first: 4, last: 4 }], closing: { lines: 3, gaps: 1 } })
    expect(linesOfBatch(closing, { next: 4, lost: 0 })).toEqual({
      lines: [gap(4, 4), '{"kind":"end","lines":3,"gaps":1}'],
      position: { next: 5, lost: 1 },
      ended: true,
    })
  })
})

describe('linesOfArchived', () => {
  it('hands on lines, gaps and the end from a position on', () => {
    const odd = '{"kind":"text","seq":7}'
    expect(linesOfArchived(line(3), START)).toEqual({ lines: [line(3)], position: { next: 4, lost: 0 }, ended: false })
    expect(linesOfArchived(line(3), { next: 4, lost: 0 }).lines).toEqual([])
    expect(linesOfArchived(odd, { next: 7, lost: 0 })).toMatchObject({ lines: [odd], position: { next: 8 } })
    expect(linesOfArchived(gap(2, 5), { next: 4, lost: 1 })).toMatchObject({
      lines: [gap(4, 5)],
      position: { next: 6, lost: 3 },
    })
    expect(linesOfArchived(gap(2, 5), { next: 6, lost: 1 }).lines).toEqual([])
    const end = '{"kind":"end","lines":3,"gaps":4}'
    expect(linesOfArchived(end, { next: 99, lost: 0 })).toMatchObject({ lines: [end], ended: true })
  })
})

describe('linesOfEnd', () => {
  it('tells what the verdict counted and nobody holds any more', () => {
    expect(linesOfEnd({ next: 3, lost: 0 }, { lines: 10, gaps: 0 })).toEqual([
      gap(3, 10),
      '{"kind":"end","lines":2,"gaps":8}',
    ])
  })

  it('counts what was seen where the verdict says nothing', () => {
    expect(linesOfEnd({ next: 5, lost: 1 }, undefined)).toEqual(['{"kind":"end","lines":3,"gaps":1}'])
  })
})
