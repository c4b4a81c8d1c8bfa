import { describe, expect, it } from 'vitest'
import { brokerFeatures, isAtLeast } from './features.ts'

describe('brokerFeatures', () => {
  it.each(['2.10.26', '2.9.10', '1.4.1', '', 'unknown'])('refuses %j, naming it and what to install', (version) => {
    expect(() => brokerFeatures(version)).toThrow(
      expect.objectContaining({ code: 'BROKER_UNSUITABLE', message: expect.stringMatching(/2\.10\.27 or newer/) }),
    )
  })

  it.each([
    ['2.10.27', false],
    ['2.11.17', false],
    ['2.12.0', true],
    ['2.12.0-RC.1', true],
    ['v2.15.1', true],
    ['3.0.0', true],
  ])('knows whether %s may skip the sync of single writes', (version, asyncPersist) => {
    expect(brokerFeatures(version)).toEqual({ asyncPersist })
  })

  it('compares numbers, not text', () => {
    expect(isAtLeast('2.9.30', '2.10.1')).toBe(false)
    expect(isAtLeast('2.10', '2.10.0')).toBe(true)
  })
})
