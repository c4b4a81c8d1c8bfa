import { headers } from '@nats-io/nats-core'
import { sampleAttempt, silentLog, startTestBroker, submittedEvent } from '@orchestrator/testing'
import { describe, expect, inject, it } from 'vitest'
import { type BackupRecord, taskSubject } from '../../contracts/index.ts'
import { systemClock } from '../../core/index.ts'
import type { Broker } from '../connection/connection.ts'
import { createDeadLetters } from '../dead-letters/dead-letters.ts'
import { runDurable } from '../durables/consumer.ts'
import { placeDurable, raiseGeneration, readDurables, readLedgerFacts } from '../ledger/ledger-restore.ts'
import { createLedger } from '../ledger/ledger.ts'
import { type BackedUpStream, BESIDES_LEDGER, exportStream, importStream, LEDGER } from './stream-backup.ts'

const { signal } = new AbortController()
const SUBJECT = 'attempt.trader.master.1.1'

const exported = async (broker: Broker, from: BackedUpStream, through?: number): Promise<BackupRecord[]> =>
  await Array.fromAsync(exportStream({ broker, from, signal, ...(through !== undefined && { through }) }))

async function imported(broker: Broker, into: BackedUpStream, records: readonly BackupRecord[]): Promise<number> {
  async function* each(): AsyncGenerator<BackupRecord> {
    yield* records
  }
  return await importStream({ broker, into, records: each(), onProgress: () => undefined, signal })
}

const found = inject('natsServers')
const pairs = found.flatMap((from) => found.map((to) => [from, to] as const))

describe.each(pairs)('a backup of nats-server $version, restored', (from, to) => {
  const isHere = from.binary !== undefined && to.binary !== undefined

  it.skipIf(!isHere)(
    `on nats-server ${to.version}, has the same messages under the same sequences and times`,
    async () => {
      await using source = await startTestBroker({ binary: from.binary ?? '' })
      await using target = await startTestBroker({ binary: to.binary ?? '' })
      const [a, b] = [await source.connect('a'), await target.connect('b')]
      const trace = headers()
      trace.set('traceparent', '00-1')
      await a.js.publish(SUBJECT, '{"n":1}', { headers: trace, expect: { lastSubjectSequence: 0 } })
      await a.js.publish('task.trader.master.1', Buffer.from([0xff, 0, 1]))
      await a.js.publish(SUBJECT, '{"ü":3}', { expect: { lastSubjectSequence: 1 } })
      const records = await exported(a, LEDGER)
      expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3])

      await raiseGeneration(b, 7)
      expect(await imported(b, LEDGER, records)).toBe(3)
      for (const seq of [1, 2, 3]) {
        const [was, is] = await Promise.all([a, b].map((each) => each.jsm.streams.getMessage('TASKS', { seq })))
        expect(is?.subject).toBe(was?.subject)
        expect(Buffer.from(is?.data ?? []).equals(Buffer.from(was?.data ?? []))).toBe(true)
      }
      expect((await b.jsm.streams.getMessage('TASKS', { seq: 1 }))?.header.get('traceparent')).toBe('00-1')
      // As if nothing had happened: once more, and the same comes out.
      expect(await exported(b, LEDGER)).toEqual(records)
      expect(await exported(b, LEDGER, 2)).toEqual(records.slice(0, 2))
      expect(await readLedgerFacts(b)).toMatchObject({ generation: 7, documents: 1, lastSequence: 3, messages: 3 })
      expect((await createLedger(b)).generation).toBe(7)
      // Whoever publishes next expects what the messages have as their sequences.
      await b.js.publish(SUBJECT, '{}', { expect: { lastSubjectSequence: 3 } })
      await expect(b.js.publish(SUBJECT, '{}', { expect: { lastSubjectSequence: 3 } })).rejects.toThrow('wrong last')
    },
  )
})

describe('a restored stream', () => {
  it('keeps the numbers of letters, where the first are gone and one is missing', async () => {
    await using source = await startTestBroker()
    await using target = await startTestBroker()
    const [a, b] = [await source.connect('a'), await target.connect('b')]
    const letters = createDeadLetters(a)
    const about = { stream: 'TASKS', sequence: 1, subject: SUBJECT, reason: 'terminal', tries: 1 } as const
    for (const text of ['1', '2', '3', '4', '5']) await letters.add({ durable: 'launcher', ...about, text })
    await a.jsm.streams.purge('DEADLETTERS', { seq: 3 })
    await a.jsm.streams.deleteMessage('DEADLETTERS', 4)
    const { deadLetters } = BESIDES_LEDGER
    expect(await imported(b, deadLetters, await exported(a, deadLetters))).toBe(2)
    const listed = await createDeadLetters(b).list({ limit: 10, signal })
    expect(listed.map(({ seq, letter }) => [seq, letter.text])).toEqual([
      [5, '5'],
      [3, '3'],
    ])
    expect((await b.jsm.streams.info('DEADLETTERS')).state).toMatchObject({ messages: 2, first_seq: 3, last_seq: 5 })
  })

  it('refuses records that are not in their order, and says so before anything else is stored', async () => {
    await using target = await startTestBroker()
    const b = await target.connect('b')
    const record = (seq: number): BackupRecord => ({
      seq,
      time: new Date(0).toISOString(),
      subject: SUBJECT,
      text: '{}',
    })
    await expect(imported(b, LEDGER, [record(1), record(2), record(2)])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    })
    expect((await readLedgerFacts(b)).messages).toBe(2)
  })

  it('has of a bucket what was there, and nothing of what was removed', async () => {
    await using source = await startTestBroker()
    await using target = await startTestBroker()
    const [a, b] = [await source.connect('a'), await target.connect('b')]
    for (const [key, text] of Object.entries({ one: '1', two: '2', three: '' }))
      await a.js.publish(`$KV.tokens.${key}`, text)
    await a.js.publish('$KV.tokens.one', '1 again')
    expect(await imported(b, BESIDES_LEDGER.tokens, await exported(a, BESIDES_LEDGER.tokens))).toBe(2)
    const text = async (key: string): Promise<string | undefined> =>
      (await b.jsm.streams.getMessage('KV_tokens', { last_by_subj: `$KV.tokens.${key}` }))?.string()
    expect([await text('one'), await text('two'), await text('three')]).toEqual(['1 again', '2', undefined])
  })
})

describe('the place of a durable', () => {
  it('is where the service goes on that declares it, with other subjects too', async () => {
    await using server = await startTestBroker()
    const broker = await server.connect('a')
    const refs = ['1', '2', '3'].map((taskId) => sampleAttempt(taskId))
    for (const ref of refs) await broker.js.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))
    await placeDurable(broker, { name: 'notifier', next: 3, subjects: ['attempt.*.*.*.*'] })
    const place = { name: 'notifier', next: 3, subjects: ['attempt.*.*.*.*'] }
    expect(await readDurables(broker)).toEqual([place])

    const seen: number[] = []
    await using _ = await runDurable({
      broker,
      stream: 'TASKS',
      durable: 'notifier',
      subjects: ['task.*.*.*'],
      concurrency: 1,
      keyOf: ({ subject }) => subject,
      handler: async ({ stored }) => void seen.push(stored.seq),
      logger: silentLog,
      clock: systemClock,
    })
    await expect.poll(() => seen).toEqual([3])
    await expect.poll(async () => await readDurables(broker)).toEqual([{ ...place, next: 4, subjects: ['task.*.*.*'] }])
  })
})
