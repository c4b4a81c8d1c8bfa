import { describe, expect, it } from 'vitest'
import { assertSupportedServer, isAtLeast } from './server-version.ts'

describe('assertSupportedServer', () => {
  it.each(['2.10.26', '2.9.10', '1.4.1', '', 'unknown'])('refuses %j, naming it and what to install', (version) => {
    expect(() => assertSupportedServer(version)).toThrow(
      expect.objectContaining({ code: 'BROKER_UNSUITABLE', message: expect.stringMatching(/2\.10\.27 or newer/) }),
    )
  })

  it.each(['2.10.27', '2.11.17', '2.12.0-RC.1', 'v2.15.1', '3.0.0'])('takes %s', (version) => {
    expect(() => assertSupportedServer(version)).not.toThrow()
  })

  it('compares numbers, not text', () => {
    expect(isAtLeast('2.9.30', '2.10.1')).toBe(false)
    expect(isAtLeast('2.10', '2.10.0')).toBe(true)
  })
})
