import { errors } from '@nats-io/nats-core'
import { finishedEvent, sampleAttempt, submittedEvent } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { RetryableError } from '../../core/index.ts'
import { brokerError } from '../connection/broker-errors.ts'
import { encodeLedgerEvent, nextTry, NO_TRIES, readAck, readFault } from './ledger-publish.ts'

describe('readAck', () => {
  it('takes an acknowledgement as stored, unless it says duplicate', () => {
    expect(readAck({ seq: 7, duplicate: false })).toEqual({ kind: 'stored', seq: 7 })
    expect(readAck({ seq: 7, duplicate: true })).toMatchObject({ kind: 'unknown' })
  })
})

describe('readFault', () => {
  it('doubts what got no answer, and fails with everything else', () => {
    expect(readFault(brokerError(new errors.TimeoutError(), 'publishing'))).toMatchObject({ kind: 'unknown' })
    const full = new RetryableError('LEDGER_FULL', 'full')
    expect(readFault(full)).toEqual({ kind: 'failed', error: full })
  })
})

describe('nextTry', () => {
  it('is patient with refusals and less so with silence', () => {
    expect(nextTry({ ...NO_TRIES, refused: 50 }, undefined)).toMatchObject({ tries: 50 })
    expect(() => nextTry({ ...NO_TRIES, refused: 100 }, undefined)).toThrow(
      expect.objectContaining({ code: 'LEDGER_CONFLICT' }),
    )
    expect(() => nextTry({ ...NO_TRIES, unknown: 8 }, new Error('gone'))).toThrow(
      expect.objectContaining({ code: 'BROKER_UNAVAILABLE', cause: expect.objectContaining({ message: 'gone' }) }),
    )
  })

  it('gives up soon on a broker that answers reads and no publish, and says why', () => {
    expect(nextTry({ ...NO_TRIES, unknown: 1, silent: 1 }, undefined)).toMatchObject({ tries: 1 })
    expect(() => nextTry({ ...NO_TRIES, unknown: 3, silent: 2 }, undefined)).toThrow(/its disk may be full/)
  })
})

describe('encodeLedgerEvent', () => {
  const ref = sampleAttempt()

  it('allows a submission what the broker takes, and every other event 8 KiB', () => {
    const submitted = submittedEvent(ref)
    const large = { ...submitted, data: { ...submitted.data, requestHash: 'x'.repeat(20_000) } }
    expect(encodeLedgerEvent(large, 100_000).toString()).toBe(JSON.stringify(large))
    expect(() => encodeLedgerEvent(large, 10_000)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
    const finished = finishedEvent(ref)
    const wordy = { ...finished, data: { ...finished.data, message: 'x'.repeat(8200) } }
    expect(() => encodeLedgerEvent(wordy, 100_000)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  })

  it('refuses what its own readers could not read', () => {
    const event = { ...finishedEvent(ref), id: '' }
    expect(() => encodeLedgerEvent(event, 100_000)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  })
})
