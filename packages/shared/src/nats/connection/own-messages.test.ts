import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sampleAttempt, startTestBroker, submittedEvent } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { taskSubject } from '../../contracts/index.ts'
import { createLedger } from '../ledger/ledger.ts'
import { createOwnMessages } from './own-messages.ts'

describe('own messages', () => {
  const event = submittedEvent(sampleAttempt('1'))
  const bytes = Buffer.from(JSON.stringify(event))

  it('are known by subject and bytes, once', () => {
    const own = createOwnMessages()
    own.remember('task.trader.master.1', bytes, event)
    expect(own.recall('task.trader.master.2', bytes)).toBeUndefined()
    expect(own.recall('task.trader.master.1', Buffer.from('other'))).toBeUndefined()
    expect(own.recall('task.trader.master.1', new Uint8Array(bytes))).toBe(event)
    expect(own.recall('task.trader.master.1', bytes)).toBeUndefined()
  })

  it('that never come back are forgotten', () => {
    const own = createOwnMessages()
    for (let i = 0; i <= 600; i += 1) own.remember(`task.trader.master.${i}`, bytes, event)
    expect(own.recall('task.trader.master.0', bytes)).toBeUndefined()
    expect(own.recall('task.trader.master.600', bytes)).toBe(event)
  })

  it('hold on to nothing but themselves', async () => {
    const own = createOwnMessages()
    const pool = new WeakRef(new ArrayBuffer(64 * 1024))
    own.remember('task.trader.master.1', bytesIn(pool.deref(), bytes), event)
    // What a weak reference has given lives until the end of the turn.
    await nextTurn()
    collectGarbage()
    expect(pool.deref()).toBeUndefined()
    expect(own.recall('task.trader.master.1', bytes)).toBe(event)
  })

  it('come back from the stream as they were published, without being read again', async () => {
    await using server = await startTestBroker()
    const ledger = await createLedger(await server.connect('test'))
    const stop = new AbortController()
    const request = { subject: taskSubject(sampleAttempt('1')), eventId: event.id, signal: stop.signal }
    const optimistic = { kind: 'publish', event, expectedSeq: 0 } as const
    await ledger.publish({ ...request, optimistic, decide: () => optimistic })
    for await (const stored of ledger.follow({ signal: stop.signal })) {
      expect(stored.event).toBe(event)
      expect(stored).toMatchObject({ seq: 1, subject: request.subject, time: expect.any(Date) })
      stop.abort()
    }
  })
})

function bytesIn(pool: ArrayBuffer | undefined, bytes: Buffer): Buffer {
  const cut = Buffer.from(pool ?? new ArrayBuffer(0), 0, bytes.length)
  bytes.copy(cut)
  return cut
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
