import type { LedgerEvent } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { describe, expect, it } from 'vitest'
import { isFirstAfter, isNext } from './succession.ts'
import { createFakeLedger, finished, started, submitted, TASK } from './testing/fakes.ts'

const ledger = createFakeLedger()
const add = (n: number, event: LedgerEvent): StoredEvent<LedgerEvent> => ledger.add(TASK, n, event)
const first = add(1, submitted(TASK, 1))
const begun = add(1, started(TASK, 1))
const ended = add(1, finished(TASK, 1))
const second = add(2, submitted(TASK, 2))
const never = add(2, finished(TASK, 2))
const third = add(3, submitted(TASK, 3))
const withoutHeader = (stored: StoredEvent<LedgerEvent>): StoredEvent<LedgerEvent> => {
  const { expectedSeq: _expectedSeq, ...rest } = stored
  return rest
}

describe('what follows what', () => {
  it.each([
    ['start on submit', first, begun],
    ['end on start', begun, ended],
    ['retry on end', ended, second],
    ['end of what never started on its submit', second, never],
    ['another retry on that', never, third],
  ])('%s', (_case, previous, next) => {
    expect(isNext(previous, next)).toBe(true)
  })

  it.each([
    ['an end and its submit, with a start between them', first, ended],
    ['two submits', first, second],
    ['a retry and the end of an older attempt', ended, third],
    ['the beginning of an attempt and the submit of another', first, never],
    ['a message without an expectation', begun, withoutHeader(ended)],
    ['the first of an attempt without an expectation', first, withoutHeader(begun)],
  ])('is not sure of %s', (_case, previous, next) => {
    expect(isNext(previous, next)).toBe(false)
  })

  it('knows what comes first after a sequence by the expectation alone', () => {
    expect(isFirstAfter(0, first)).toBe(true)
    expect(isFirstAfter(begun.seq, ended)).toBe(true)
    expect(isFirstAfter(first.seq, ended)).toBe(false)
    expect(isFirstAfter(first.seq, begun)).toBe(false)
    expect(isFirstAfter(first.seq, second)).toBe(false)
    expect(isFirstAfter(begun.seq, withoutHeader(ended))).toBe(false)
  })
})
