import { RetryableError } from '@orchestrator/shared/core'
import { describe, expect, it } from 'vitest'
import { startOfChannel } from './channel-start.ts'
import type { ChannelDocument } from './first-word.ts'

function bucket(): Parameters<typeof startOfChannel>[0]['documents'] {
  const entries = new Map<string, ChannelDocument>()
  return {
    get: (key) => {
      const value = entries.get(key)
      return Promise.resolve(value && { key, value, revision: 1 })
    },
    create: (key, value) => {
      if (entries.has(key)) return Promise.reject(new RetryableError('DOCUMENT_CONFLICT', key))
      entries.set(key, value)
      return Promise.resolve(1)
    },
  }
}

describe('where a channel begins', () => {
  it('is decided once, however often the service starts', async () => {
    const documents = bucket()
    expect(await startOfChannel({ documents, channel: 'hook', nextSeq: () => Promise.resolve(7) })).toBe(7)
    expect(await startOfChannel({ documents, channel: 'hook', nextSeq: () => Promise.resolve(90) })).toBe(7)
  })

  it('is one place for two replicas that start together', async () => {
    const documents = bucket()
    const starts = [7, 9].map((seq) =>
      startOfChannel({ documents, channel: 'hook', nextSeq: () => Promise.resolve(seq) }),
    )
    expect(await Promise.all(starts)).toEqual([7, 7])
  })
})
