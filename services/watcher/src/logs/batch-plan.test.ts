import type { LogBatch } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { lineText } from '../testing/attempts.ts'
import {
  afterPublished,
  BATCH_LINES_BYTES,
  closingBatch,
  firstPosition,
  planBatch,
  type Position,
} from './batch-plan.ts'
import { AT_START, LineScanner, type ScannedLine } from './line-scanner.ts'

const ID = 'submitted-1'
const start = firstPosition(undefined, { submittedId: ID, noted: 0 })

function lines(...numbers: readonly number[]): ScannedLine[] {
  return new LineScanner(AT_START).push(Buffer.from(numbers.map((n) => `${lineText(n)}\n`).join('')))
}

function plan(position: Position, from: readonly ScannedLine[]): NonNullable<ReturnType<typeof planBatch>> {
  const batch = planBatch(position, ID, from)
  if (batch === undefined) throw new Error('nothing planned')
  return batch
}

describe('planBatch', () => {
  it('names first and last line', () => {
    const batch = plan(start, lines(1, 2, 3))
    expect(batch.head).toEqual({ v: 1, submittedId: ID, first: 1, last: 3, count: 3, gaps: [] })
    expect(batch.lines).toEqual([lineText(1), lineText(2), lineText(3)])
  })

  it('tells gaps before and within it', () => {
    const { head } = plan({ ...start, next: 3 }, lines(5, 6, 9))
    expect(head).toMatchObject({
      first: 5,
      last: 9,
      count: 3,
      gaps: [
        { first: 3, last: 4 },
        { first: 7, last: 8 },
      ],
    })
  })

  it('passes over lines that are in the stream, and has nothing when all are', () => {
    expect(plan({ ...start, next: 3 }, lines(1, 2, 3, 4)).head).toMatchObject({ first: 3, count: 2 })
    expect(planBatch({ ...start, next: 5 }, ID, lines(1, 2, 3, 4))).toBeUndefined()
  })

  it('ends before it is too large, but never without a line', () => {
    const many = lines(...Array.from({ length: 2000 }, (_, i) => i + 1))
    const { head } = plan(start, many)
    const bytes = many.slice(0, head.count).reduce((sum, line) => sum + line.bytes, 0)
    expect(bytes).toBeLessThanOrEqual(BATCH_LINES_BYTES)
    expect(bytes).toBeGreaterThan(BATCH_LINES_BYTES - 200)
    const [first] = lines(1)
    if (first === undefined) throw new Error('no line')
    expect(plan(start, [{ ...first, bytes: BATCH_LINES_BYTES * 2 }]).head.count).toBe(1)
  })
})

describe('where to go on', () => {
  const sent = plan(start, lines(1, 2, 3))
  const theirs: LogBatch = { head: { v: 1, submittedId: ID, first: 1, last: 2, count: 2, gaps: [] }, lines: [] }

  it('is after an acknowledged batch', () => {
    expect(afterPublished(start, sent, { kind: 'stored', seq: 7 })).toMatchObject({ expectedSeq: 7, next: 4 })
  })

  it('is after the batch that is there instead', () => {
    const refused = { kind: 'refused', seq: 9, batch: theirs } as const
    expect(afterPublished(start, sent, refused)).toMatchObject({ expectedSeq: 9, next: 3 })
    expect(afterPublished({ ...start, expectedSeq: 5, next: 8 }, sent, refused)).toMatchObject({
      expectedSeq: 9,
      next: 3,
    })
  })

  it('is after the last acknowledged line, with a gap, when nothing is there any more', () => {
    const position = afterPublished({ ...start, expectedSeq: 5, next: 4 }, sent, {
      kind: 'refused',
      seq: 0,
      batch: undefined,
    })
    expect(position).toMatchObject({ expectedSeq: 0, next: 4, lost: { first: 1, last: 3 } })
    expect(plan(position, lines(4)).head).toMatchObject({ first: 4, gaps: [{ first: 1, last: 3 }] })
  })

  it('is after the noted line, with a gap, for one who has acknowledged nothing', () => {
    const position = firstPosition(undefined, { submittedId: ID, noted: 40 })
    expect(plan(position, lines(40, 41, 43)).head).toMatchObject({
      first: 41,
      gaps: [
        { first: 1, last: 40 },
        { first: 42, last: 42 },
      ],
    })
  })

  it('keeps no count of lines that were thought lost and are there', () => {
    const noted = firstPosition(undefined, { submittedId: ID, noted: 2 })
    const after = afterPublished(noted, plan(noted, lines(3)), { kind: 'refused', seq: 9, batch: theirs })
    expect(closingBatch(after, ID, 2).head).toMatchObject({ gaps: [], closing: { lines: 2, gaps: 0 } })
  })

  it('knows from the last batch how many lines are missing before it', () => {
    const head = plan({ ...start, next: 3, missing: 2 }, lines(5, 6)).head
    expect(head).toMatchObject({ gaps: [{ first: 3, last: 4 }], missing: 4 })
    const anew = firstPosition({ seq: 4, batch: { head, lines: [] } }, { submittedId: ID, noted: 0 })
    expect(closingBatch(anew, ID, 7).head).toMatchObject({ missing: 5, closing: { lines: 2, gaps: 5 } })
  })

  it('is the first line where the last batch is of another attempt', () => {
    const foreign = {
      seq: 4,
      batch: { lines: [], head: { ...theirs.head, submittedId: 'other', closing: { lines: 2, gaps: 0 } } },
    }
    expect(firstPosition(foreign, { submittedId: ID, noted: 0 })).toMatchObject({
      expectedSeq: 4,
      next: 1,
      closed: undefined,
    })
  })

  it('is nowhere after the closing batch', () => {
    const closing = closingBatch({ ...start, next: 4, missing: 1 }, ID, 6)
    expect(closing.head).toMatchObject({
      first: 7,
      last: 6,
      count: 0,
      gaps: [{ first: 4, last: 6 }],
      closing: { lines: 2, gaps: 4 },
    })
    expect(firstPosition({ seq: 3, batch: closing }, { submittedId: ID, noted: 0 }).closed).toEqual({
      lines: 2,
      gaps: 4,
    })
    expect(afterPublished(start, closing, { kind: 'stored', seq: 3 }).closed).toEqual({ lines: 2, gaps: 4 })
  })
})
