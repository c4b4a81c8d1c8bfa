import type { LogBatch } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { createLogCopy, type LogCopy } from './log-copy.ts'

const batchOf = (n: number, line = `line ${n}`): LogBatch => ({
  head: { v: 1, submittedId: 'submitted-1', first: n, last: n, count: 1, gaps: [] },
  lines: [line],
})
const closing: LogBatch = {
  head: { v: 1, submittedId: 'submitted-1', first: 3, last: 2, count: 0, gaps: [], closing: { lines: 2, gaps: 0 } },
  lines: [],
}
const [one, two] = [batchOf(1), batchOf(2)]
const stored = (copy: LogCopy, batch: LogBatch, expectedSeq: number): void =>
  copy.published(batch, expectedSeq, { kind: 'stored', seq: expectedSeq + 7 })

describe('the copy of a log', () => {
  it('has all batches of a subject that was empty before, once it is closed', () => {
    const copy = createLogCopy()
    stored(copy, one, 0)
    stored(copy, two, 7)
    expect(copy.whole).toBeUndefined()
    stored(copy, closing, 14)
    expect(copy.whole).toEqual([one, two, closing])
  })

  it('is none where something was there before, or came between', () => {
    const [late, crossed] = [createLogCopy(), createLogCopy()]
    stored(late, two, 7)
    stored(late, closing, 14)
    stored(crossed, one, 0)
    crossed.published(two, 7, { kind: 'refused', seq: 9, batch: batchOf(9) })
    stored(crossed, closing, 9)
    expect([late.whole, crossed.whole]).toEqual([undefined, undefined])
  })

  it('begins anew on a subject that was emptied', () => {
    const copy = createLogCopy()
    stored(copy, one, 0)
    copy.published(two, 7, { kind: 'refused', seq: 0, batch: undefined })
    stored(copy, two, 0)
    stored(copy, closing, 7)
    expect(copy.whole).toEqual([two, closing])
  })

  it('is given up where the log is large', () => {
    const [small, large] = [createLogCopy(), createLogCopy()]
    for (const copy of [small, large]) stored(copy, batchOf(1, 'x'.repeat(8000)), 0)
    stored(large, batchOf(2, 'x'.repeat(8000)), 7)
    for (const copy of [small, large]) stored(copy, closing, 14)
    expect(small.whole).toHaveLength(2)
    expect(large.whole).toBeUndefined()
  })
})
