import { LeaseDocument } from '@orchestrator/shared/contracts'
import { openDocuments } from '@orchestrator/shared/nats'
import { createTestClock, startTestBroker, type TestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createLease, type Lease, LEASE_EXPIRY_MS, LEASE_RENEW_MS, type LeaseOptions } from './lease.ts'

/** Whoever sleeps has done its beat. */
async function beats(clock: TestClock, sleepers: number): Promise<void> {
  await expect.poll(() => clock.sleeping).toBe(sleepers)
}

describe('createLease', () => {
  it('is held by one, goes to a newcomer at once, and to others when its holder went silent or gave it back', async () => {
    await using broker = await startTestBroker()
    const documents = await openDocuments(await broker.connect('test'), 'leases', LeaseDocument)
    const clock = createTestClock()
    const lease = (holder: string): Lease => {
      const options: LeaseOptions = {
        documents,
        key: 'watcher.process.machine-1',
        holder,
        clock,
        onChange: () => undefined,
      }
      return createLease(options)
    }
    const [first, second] = [lease('first'), lease('second')]
    const [dies, leaves] = [new AbortController(), new AbortController()]

    const firstKept = first.keep(leaves.signal)
    await beats(clock, 1)
    expect([first.held, second.held]).toEqual([true, false])

    const secondKept = second.keep(dies.signal)
    await beats(clock, 2)
    expect(second.held).toBe(true)
    await clock.advance(LEASE_RENEW_MS)
    await beats(clock, 2)
    expect([first.held, second.held]).toEqual([false, true])

    // The second dies without a word: what it does at its end is kept from the bucket.
    const { revision, value } = (await documents.get('watcher.process.machine-1')) ?? { revision: 0, value: undefined }
    if (value === undefined) throw new Error('no lease')
    dies.abort(new Error('killed'))
    await expect(secondKept).rejects.toThrow('killed')
    expect(await documents.get('watcher.process.machine-1')).toBeUndefined()
    await documents.create('watcher.process.machine-1', { ...value, beat: revision })
    for (let ms = 0; ms < LEASE_EXPIRY_MS; ms += LEASE_RENEW_MS) {
      await clock.advance(LEASE_RENEW_MS)
      await beats(clock, 1)
      expect(first.held).toBe(false)
    }
    await clock.advance(LEASE_RENEW_MS)
    await beats(clock, 1)
    expect(first.held).toBe(true)

    leaves.abort(new Error('enough'))
    await expect(firstKept).rejects.toThrow('enough')
    expect(await documents.list()).toEqual([])
  })
})
