import { Problem } from '@orchestrator/shared/contracts'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInput } from '../submit/faults.ts'
import { HttpRefusal, toProblem } from './problems.ts'

// oxlint-disable-next-line no-control-regex -- the point
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F]/

describe('toProblem', () => {
  it('says when to come back', () => {
    const full = new RetryableError('LEDGER_FULL', 'no room', { retryAfterMs: 29_500 })
    expect(toProblem(full)).toMatchObject({ problem: { status: 503, code: 'LEDGER_FULL' }, retryAfterSeconds: 30 })
    expect(toProblem(new RetryableError('BROKER_UNAVAILABLE', 'away')).retryAfterSeconds).toBe(1)
  })

  it('carries the facts of a conflict', () => {
    const error = new TerminalError('PREVIOUS_NOT_LATEST', 'no', { details: { latest: { n: 2, name: 'a2' } } })
    expect(toProblem(error).problem).toMatchObject({
      status: 409,
      code: 'PREVIOUS_NOT_LATEST',
      latest: { n: 2, name: 'a2' },
    })
  })

  it('tells nothing about an error of its own', () => {
    for (const error of [new Error('secret path /x'), new TerminalError('GIT_FAILED', 'secret'), 'secret', undefined]) {
      expect(JSON.stringify(toProblem(error))).not.toContain('secret')
      expect(toProblem(error).problem.status).toBe(500)
    }
  })

  it('shows any field and value cut and printable, and only so many faults', () => {
    const fault = fc.record({
      field: fc.string({ maxLength: 300 }),
      value: fc.anything(),
      message: fc.string({ minLength: 1, maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 150 }), (faults) => {
        const text = JSON.stringify(toProblem(new InvalidInput(faults)).problem)
        const problem = Problem.parse(JSON.parse(text))
        expect(problem.errors).toHaveLength(Math.min(101, faults.length))
        for (const { field, value, message } of problem.errors ?? []) {
          for (const shown of [field, message, typeof value === 'string' ? value : ''])
            expect(shown).not.toMatch(UNPRINTABLE)
          expect(field.length).toBeLessThanOrEqual(101)
          expect(String(value).length).toBeLessThanOrEqual(101)
        }
      }),
    )
  })

  it('keeps what HTTP refuses', () => {
    const { problem } = toProblem(new HttpRefusal(413, 'BODY_TOO_LARGE', 'too large'))
    expect(problem).toEqual({
      type: 'urn:orchestrator:problem:body-too-large',
      title: 'The request is too large',
      status: 413,
      detail: 'too large',
      code: 'BODY_TOO_LARGE',
    })
  })
})
