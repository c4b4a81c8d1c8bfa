import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { newDelivery } from '../deliveries/delivery.ts'
import { TASK } from '../testing/fakes.ts'
import { createWaitingList, type WaitingList } from './waiting-list.ts'

const NOBODY_BUSY = new Set<string>()
const dirty = (change: Partial<DeliveryDocument> = {}): DeliveryDocument => ({
  ...newDelivery({ channel: 'hook', task: TASK, told: 4 }),
  dirty: 5,
  ...change,
})

function listAt(): { readonly list: WaitingList; readonly at: (ms: number) => WaitingList } {
  let nowMs = 0
  const list = createWaitingList({ holder: 'me', monotonicMs: () => nowMs, random: () => 1 })
  const at = (ms: number): WaitingList => {
    nowMs = ms
    return list
  }
  return { list, at }
}

describe('the waiting list', () => {
  it('offers the oldest first and passes over those that this replica works on', () => {
    const { list } = listAt()
    list.note('one', dirty())
    list.note('two', dirty())
    list.note('one', dirty({ dirty: 8 }))
    expect(list.next(NOBODY_BUSY)).toEqual({ key: 'one', expired: undefined })
    expect(list.next(new Set(['one']))).toEqual({ key: 'two', expired: undefined })
    expect(list.next(new Set(['one', 'two']))).toBeUndefined()
  })

  it('forgets what is settled or gone', () => {
    const { list } = listAt()
    list.note('one', dirty())
    list.note('two', dirty())
    list.note('one', dirty({ sent: 5 }))
    list.note('two', undefined)
    expect(list.size).toBe(0)
  })

  it('offers a lease of another replica once it has not changed for 20 s, however often the key is marked meanwhile', () => {
    const { at } = listAt()
    at(0).note('one', dirty({ holder: 'other', beat: 3 }))
    at(19_000).note('one', dirty({ holder: 'other', beat: 3, dirty: 9 }))
    expect(at(19_999).next(NOBODY_BUSY)).toBeUndefined()
    expect(at(20_000).next(NOBODY_BUSY)).toMatchObject({ key: 'one', expired: { holder: 'other', beat: 3 } })
  })

  it('sees a beat as a sign of life', () => {
    const { at } = listAt()
    at(0).note('one', dirty({ holder: 'other', beat: 3 }))
    at(5_000).note('one', dirty({ holder: 'other', beat: 4 }))
    expect(at(24_999).next(NOBODY_BUSY)).toBeUndefined()
    expect(at(25_000).next(NOBODY_BUSY)).toBeDefined()
  })

  it('offers its own lease at once: the work on it was interrupted', () => {
    const { list } = listAt()
    list.note('one', dirty({ holder: 'me', beat: 3 }))
    expect(list.next(NOBODY_BUSY)).toEqual({ key: 'one', expired: undefined })
  })

  it('waits longer after each failure of our own, and lets others go first', () => {
    const { at } = listAt()
    at(0).note('one', dirty())
    at(0).note('two', dirty())
    at(0).failed('one')
    expect(at(499).next(NOBODY_BUSY)?.key).toBe('two')
    expect(at(500).next(NOBODY_BUSY)?.key).toBe('one')
    at(500).failed('one')
    expect(at(1_499).next(new Set(['two']))).toBeUndefined()
    expect(at(1_500).next(new Set(['two']))?.key).toBe('one')
  })
})
