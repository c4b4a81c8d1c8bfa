import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TASK } from '../testing/fakes.ts'
import {
  isSettled,
  markAgain,
  markDirty,
  newDelivery,
  NOBODY,
  recordCall,
  releaseLease,
  renewLease,
  takeLease,
} from './delivery.ts'

const NEW = newDelivery({ channel: 'hook', task: TASK, told: 4 })
const delivery = (change: Partial<DeliveryDocument>): DeliveryDocument => ({ ...NEW, ...change })

describe('marking', () => {
  it('takes the lease in the same write when nobody tells and there is room', () => {
    expect(markDirty(NEW, 5, 'a')).toEqual(delivery({ dirty: 5, holder: 'a', beat: 1 }))
  })

  it.each([
    ['without room', delivery({}), undefined],
    ['while another tells', delivery({ holder: 'b', beat: 3 }), 'a'],
  ])('only marks %s', (_case, document, taker) => {
    expect(markDirty(document, 5, taker)).toEqual({ ...document, dirty: 5 })
  })

  it.each([
    ['marked', delivery({ dirty: 5 })],
    ['told', delivery({ sent: 5 })],
  ])('writes nothing for an event that is %s already', (_case, document) => {
    expect(markDirty(document, 5, 'a')).toBeUndefined()
  })
})

describe('taking the lease', () => {
  const dirty = delivery({ dirty: 9, holder: 'b', beat: 7 })
  const expired = { holder: 'b', beat: 7 }

  it('leaves a lease of another alone until it counts as abandoned', () => {
    expect(takeLease(dirty, { holder: 'a', kind: 'each', expired: undefined })).toBeUndefined()
    expect(takeLease(dirty, { holder: 'a', kind: 'each', expired })).toEqual({
      ...dirty,
      holder: 'a',
      beat: 8,
    })
  })

  it('leaves a lease alone that has moved since it was judged', () => {
    expect(takeLease({ ...dirty, beat: 8 }, { holder: 'a', kind: 'each', expired })).toBeUndefined()
    expect(takeLease({ ...dirty, holder: 'c' }, { holder: 'a', kind: 'each', expired })).toBeUndefined()
  })

  it('leaves a settled task alone and clears a dead holder away', () => {
    expect(takeLease(NEW, { holder: 'a', kind: 'each', expired: undefined })).toBeUndefined()
    const dead = delivery({ holder: 'b', beat: 7 })
    expect(takeLease(dead, { holder: 'a', kind: 'each', expired })).toEqual({ ...dead, holder: NOBODY })
  })

  it('shows the latest state again after a dead holder, whose call may still arrive', () => {
    const dead = delivery({ dirty: 9, sent: 9, holder: 'b', beat: 7 })
    expect(takeLease(dead, { holder: 'a', kind: 'latest', expired })).toMatchObject({ dirty: 9, sent: 8 })
  })
})

describe('recording a call', () => {
  it('marks what was told without a mark, also when the lease was lost', () => {
    const call = { holder: 'a', kind: 'each', seq: 12, more: false } as const
    expect(recordCall(delivery({ holder: 'a', beat: 2 }), call)).toEqual(delivery({ dirty: 12, sent: 12, beat: 2 }))
    const lost = delivery({ holder: 'b', beat: 3 })
    expect(recordCall(lost, call)).toEqual({ ...lost, dirty: 12, sent: 12 })
  })

  const call = { holder: 'a', kind: 'each', seq: 9, more: false } as const
  const mine = delivery({ dirty: 9, holder: 'a', beat: 2 })

  it('gives the lease back in the same write when nothing is left', () => {
    expect(recordCall(mine, call)).toEqual({ ...mine, sent: 9, holder: NOBODY })
  })

  it.each([
    ['more is at hand', mine, { ...call, more: true }],
    ['something arrived meanwhile', { ...mine, dirty: 12 }, call],
  ])('keeps the lease when %s', (_case, document, told) => {
    expect(recordCall(document, told)).toEqual({ ...document, sent: 9, beat: 3 })
  })

  it('tells the new holder what was delivered, without touching its lease', () => {
    const lost = delivery({ dirty: 12, holder: 'b', beat: 5 })
    expect(recordCall(lost, call)).toEqual({ ...lost, sent: 9 })
    expect(recordCall({ ...lost, sent: 10 }, call)).toBeUndefined()
  })

  it('marks a "latest" key dirty again when the lease was lost during the call', () => {
    const lost = delivery({ dirty: 12, sent: 12, holder: NOBODY })
    expect(recordCall(lost, { ...call, kind: 'latest' })).toMatchObject({ dirty: 12, sent: 11 })
  })
})

describe('telling again', () => {
  const call = { holder: 'a', kind: 'each', seq: 3, more: false, letter: 70 } as const
  const wanted = { sequence: 3, letter: 70 }

  it('is noted once, takes the lease where nobody has it, and keeps the task from being settled', () => {
    const marked = markAgain(NEW, wanted, 'a')
    expect(marked).toEqual(delivery({ again: [wanted], holder: 'a', beat: 1 }))
    expect(markAgain(delivery({ again: [wanted] }), wanted, 'a')).toBeUndefined()
    expect(markAgain(delivery({ holder: 'b' }), wanted, 'a')).toEqual(delivery({ again: [wanted], holder: 'b' }))
    expect(isSettled(delivery({ again: [wanted] }))).toBe(false)
    expect(takeLease(delivery({ again: [wanted] }), { holder: 'b', kind: 'each', expired: undefined })).toMatchObject({
      holder: 'b',
    })
  })

  it('says nothing of other events, and gives the lease back when it was the last', () => {
    const mine = delivery({ dirty: 2, sent: 2, again: [wanted], holder: 'a', beat: 1 })
    expect(recordCall(mine, call)).toEqual(delivery({ dirty: 2, sent: 2, beat: 1 }))
    const two = { ...mine, again: [wanted, { sequence: 2, letter: 71 }] }
    expect(recordCall(two, call)).toMatchObject({ sent: 2, holder: 'a', again: [{ letter: 71 }] })
  })

  it('is recorded where the lease was lost meanwhile too', () => {
    const lost = delivery({ dirty: 9, again: [wanted], holder: 'b', beat: 4 })
    expect(recordCall(lost, call)).toEqual(delivery({ dirty: 9, holder: 'b', beat: 4 }))
    expect(recordCall(delivery({ holder: 'b' }), call)).toBeUndefined()
  })
})

it('renews and releases only its own lease', () => {
  const mine = delivery({ holder: 'a', beat: 1 })
  expect(renewLease(mine, 'a')).toEqual({ ...mine, beat: 2 })
  expect(renewLease(mine, 'b')).toBeUndefined()
  expect(releaseLease(mine, 'a')).toEqual({ ...mine, holder: NOBODY })
  expect(releaseLease(mine, 'b')).toBeUndefined()
})

it('never forgets a mark or a delivery of an "each" channel, whatever happens in whatever order', () => {
  const holder = fc.constantFrom('a', 'b')
  const seq = fc.integer({ min: 1, max: 20 })
  const step = fc.oneof(
    fc.tuple(seq, fc.option(holder, { nil: undefined })).map(
      ([n, taker]) =>
        (d: DeliveryDocument) =>
          markDirty(d, n, taker),
    ),
    fc.tuple(holder, fc.boolean()).map(
      ([who, steal]) =>
        (d: DeliveryDocument) =>
          takeLease(d, { holder: who, kind: 'each', expired: steal ? d : undefined }),
    ),
    fc.tuple(holder, seq, fc.boolean()).map(
      ([who, n, more]) =>
        (d: DeliveryDocument) =>
          recordCall(d, { holder: who, kind: 'each', seq: n, more }),
    ),
    holder.map((who) => (d: DeliveryDocument) => releaseLease(d, who)),
    holder.map((who) => (d: DeliveryDocument) => renewLease(d, who)),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let document = newDelivery({ channel: 'hook', task: TASK, told: 0 })
      for (const next of steps) {
        const after = next(document) ?? document
        expect(after.dirty).toBeGreaterThanOrEqual(document.dirty)
        expect(after.sent).toBeGreaterThanOrEqual(document.sent)
        // A lease moves with every change of hands, or it could not be told from an abandoned one.
        if (after.holder !== NOBODY && after.holder !== document.holder)
          expect(after.beat).toBeGreaterThan(document.beat)
        if (isSettled(after)) expect(after.dirty).toBeLessThanOrEqual(after.sent)
        document = after
      }
    }),
  )
})
