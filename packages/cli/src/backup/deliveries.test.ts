import { DeliveryDocument } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { deliveryAsOf } from './deliveries.ts'

const record = { seq: 1, time: '2026-01-01T00:00:00.000Z', subject: '$KV.deliveries.team.trader.master.1' }
const asOf = (document: object): unknown =>
  JSON.parse(deliveryAsOf({ ...record, text: JSON.stringify(document) }, 50).text ?? '')
const delivery: DeliveryDocument = {
  v: 1,
  channel: 'team',
  service: 'trader',
  tag: 'master',
  taskId: '1',
  dirty: 40,
  sent: 30,
  holder: '',
  beat: 3,
}

describe('a delivery in a backup', () => {
  it('stays as it is where the backup has all that it knows of', () => {
    expect(asOf(delivery)).toEqual(delivery)
    expect(asOf({ v: 1, channel: 'team', since: 7 })).toEqual({ v: 1, channel: 'team', since: 7 })
  })

  it('has told nothing of what comes after the backup, and is nobody’s', () => {
    const later = {
      ...delivery,
      dirty: 60,
      sent: 55,
      again: [
        { sequence: 8, letter: 1 },
        { sequence: 51, letter: 2 },
      ],
      holder: 'one',
    }
    expect(asOf(later)).toEqual({ ...delivery, dirty: 50, sent: 50, again: [{ sequence: 8, letter: 1 }] })
    expect(DeliveryDocument.parse(asOf(later)).holder).toBe('')
    expect(asOf({ v: 1, channel: 'new', since: 60 })).toEqual({ v: 1, channel: 'new', since: 51 })
  })
})
