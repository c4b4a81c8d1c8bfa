import { describe, expect, it } from 'vitest'
import { createFakeLedger, started, submitted, TASK } from '../testing/fakes.ts'
import { isFirstOfTask, toldBefore } from './first-word.ts'

const DAY_MS = 24 * 3_600_000

describe('where a channel begins with a task', () => {
  it('is where the channel itself began', () => {
    const ledger = createFakeLedger()
    ledger.add(TASK, 1, submitted(TASK, 1))
    expect(toldBefore({ since: 7, events: ledger.stored, now: new Date('2026-01-02T00:00:00Z') })).toBe(6)
  })

  it('is after what was told before the record of it expired', () => {
    let time = new Date('2026-01-01T00:00:00Z')
    const ledger = createFakeLedger(() => time)
    ledger.add(TASK, 1, submitted(TASK, 1))
    ledger.add(TASK, 1, started(TASK, 1))
    time = new Date(time.getTime() + 40 * DAY_MS)
    ledger.add(TASK, 2, submitted(TASK, 2))
    expect(toldBefore({ since: 1, events: ledger.stored, now: time })).toBe(2)
  })

  it('knows the event that a task begins with', () => {
    const ledger = createFakeLedger()
    const first = ledger.add(TASK, 1, submitted(TASK, 1))
    const others = [ledger.add(TASK, 1, started(TASK, 1)), ledger.add(TASK, 2, submitted(TASK, 2))]
    expect([first, ...others].map(isFirstOfTask)).toEqual([true, false, false])
  })
})
