import { describe, expect, it } from 'vitest'
import { describeError, hasCode, isRetryable, RetryableError, TerminalError } from './errors.ts'

describe('errors', () => {
  it('answer whether to try again; a bug counts as worth it', () => {
    expect(isRetryable(new RetryableError('BROKER_UNAVAILABLE', 'away'))).toBe(true)
    expect(isRetryable(new TerminalError('DOCS_MISSING', 'none'))).toBe(false)
    expect(isRetryable(new TypeError('bug'))).toBe(true)
    expect(isRetryable('thrown text')).toBe(true)
  })

  it('are told apart by code and keep their cause', () => {
    const error = new RetryableError('GIT_UNAVAILABLE', 'fetch failed', { cause: new Error('no route\nto host') })
    expect(hasCode(error, 'GIT_UNAVAILABLE')).toBe(true)
    expect(hasCode(error, 'GIT_FAILED')).toBe(false)
    expect(describeError(error)).toBe('fetch failed: no route to host')
  })
})
