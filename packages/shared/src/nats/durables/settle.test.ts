import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryableError, TerminalError } from '../../core/index.ts'
import { countsAsFailure, MAX_FAILURES, type Outcome, settle } from './settle.ts'

const tried = { failures: 1, deliveries: 1, random: () => 1 }
const failed = (error: unknown): Outcome => ({ kind: 'failed', error })
const away = (code: 'BROKER_UNAVAILABLE' | 'CHANNEL_UNAVAILABLE' | 'LEDGER_FULL' | 'RUNTIME_UNAVAILABLE') =>
  failed(new RetryableError(code, 'away'))

describe('settle', () => {
  it.each<[string, Outcome, ReturnType<typeof settle>]>([
    ['acknowledges what was handled', { kind: 'done', replayed: { kind: 'handled' } }, { kind: 'ack' }],
    ['acknowledges what is not for us', { kind: 'foreign' }, { kind: 'ack' }],
    ['gives back at once what a stopping consumer did not finish', { kind: 'stopped' }, { kind: 'nak', delayMs: 0 }],
    ['leaves what is too new to a newer replica', { kind: 'tooNew' }, { kind: 'nak', delayMs: 60_000 }],
    [
      'also when the handler met it',
      failed(new RetryableError('EVENT_TOO_NEW', 'v2')),
      { kind: 'nak', delayMs: 60_000 },
    ],
    ['also in a document', failed(new TerminalError('EVENT_TOO_NEW', 'v2')), { kind: 'nak', delayMs: 60_000 }],
    [
      'gives up what cannot be read',
      { kind: 'unreadable', problem: 'no type' },
      { kind: 'deadLetter', reason: 'unreadable', text: 'no type' },
    ],
    [
      'gives up what will fail for ever',
      failed(new TerminalError('NOT_FOUND', 'gone')),
      { kind: 'deadLetter', reason: 'terminal', text: 'gone' },
    ],
    ['tries again after a bug', failed(new Error('oops')), { kind: 'nak', delayMs: 500 }],
    [
      'waits as long as the error says',
      failed(new RetryableError('GIT_FAILED', 'later', { retryAfterMs: 1234 })),
      { kind: 'nak', delayMs: 1234 },
    ],
    ['waits longer for what is away', away('RUNTIME_UNAVAILABLE'), { kind: 'nak', delayMs: 1000 }],
  ])('%s', (_title, outcome, settlement) => {
    expect(settle(outcome, tried)).toEqual(settlement)
  })

  it('gives up a failure that counts at the last try, not before', () => {
    const outcome = failed(new RetryableError('GIT_FAILED', 'again'))
    expect(settle(outcome, { ...tried, failures: MAX_FAILURES - 1 })).toMatchObject({ kind: 'nak' })
    expect(settle(outcome, { ...tried, failures: MAX_FAILURES })).toEqual({
      kind: 'deadLetter',
      reason: 'tries',
      text: 'again',
    })
  })

  it('never gives up, and never counts, what is only unavailable or too new', () => {
    const codes = fc.constantFrom(
      'BROKER_UNAVAILABLE',
      'CHANNEL_UNAVAILABLE',
      'LEDGER_FULL',
      'RUNTIME_UNAVAILABLE',
      'EVENT_TOO_NEW',
    )
    fc.assert(
      fc.property(codes, fc.nat(1000), fc.integer({ min: 1, max: 100_000 }), (code, failures, deliveries) => {
        const outcome = failed(new RetryableError(code, 'away'))
        expect(countsAsFailure(outcome)).toBe(false)
        const settlement = settle(outcome, { failures, deliveries, random: Math.random })
        expect(settlement).toMatchObject({ kind: 'nak' })
      }),
    )
  })

  it('keeps every delay between nothing and a minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_FAILURES - 1 }),
        fc.integer({ min: 1, max: 10_000 }),
        (failures, deliveries) => {
          for (const outcome of [failed(new Error('bug')), away('LEDGER_FULL')]) {
            const settlement = settle(outcome, { failures, deliveries, random: Math.random })
            expect(settlement.kind === 'nak' && settlement.delayMs >= 0 && settlement.delayMs <= 60_000).toBe(true)
          }
        },
      ),
    )
  })
})
