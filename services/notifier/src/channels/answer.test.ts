import { describe, expect, it } from 'vitest'
import { parseRetryAfter, toTold } from './answer.ts'

const now = new Date('2026-11-24T12:00:00Z')

describe('an answer', () => {
  it.each([200, 201, 204, 299])('of %i is a delivery', (status) => {
    expect(toTold({ status, retryAfter: null, now })).toBe('delivered')
  })

  it.each([400, 401, 404, 410, 413, 422, 451])('of %i is a rejection', (status) => {
    expect(toTold({ status, retryAfter: '5', now })).toEqual({ rejected: `answered ${status}` })
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('of %i means later', (status) => {
    expect(toTold({ status, retryAfter: null, now })).toEqual({ unavailable: `answered ${status}` })
  })

  it('that redirects is not followed and means later', () => {
    expect(toTold({ status: 302, retryAfter: null, now })).toEqual({
      unavailable: 'answered 302: redirects are refused',
    })
  })

  it('may say when to come again', () => {
    expect(toTold({ status: 503, retryAfter: '120', now })).toEqual({
      unavailable: 'answered 503',
      retryAfterMs: 120_000,
    })
  })
})

it.each([
  ['0', 0],
  ['7', 7_000],
  ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
  ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['99999999999999', undefined],
])('reads Retry-After %j as %j', (text, expected) => {
  expect(parseRetryAfter(text, now)).toBe(expected)
})
