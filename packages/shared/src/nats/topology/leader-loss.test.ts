/** The loss of the server that leads the ledger, in the middle of everything that the services do with the broker. */
import { sampleAttempt, silentLog, submittedEvent, type TestServers } from '@orchestrator/testing'
import { describeOnClusters } from '@orchestrator/testing/vitest'
import { expect, it } from 'vitest'
import { LeaseDocument, type LogBatch, logSubject, newEventId, taskSubject } from '../../contracts/index.ts'
import { hasCode, systemClock } from '../../core/index.ts'
import { openDocuments } from '../documents/documents.ts'
import { runDurable } from '../durables/consumer.ts'
import { createLedger } from '../ledger/ledger.ts'
import type { Decision, Ledger, SubjectHistory } from '../ports.ts'
import { createLogs } from '../streams/logs.ts'

let cluster: TestServers
const describeOnEach = describeOnClusters(async (servers) => {
  cluster = servers
})

const { signal } = new AbortController()
const SUBMITS = 60
const LINES = 60
const DOCUMENTS = 60
const RETRY_MS = 100

/** As whoever is told "not available now": again, until it is. */
async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request()
    } catch (error) {
      if (!hasCode(error, 'BROKER_UNAVAILABLE')) throw error
      await systemClock.sleep(RETRY_MS, signal)
    }
  }
}

async function submit(ledger: Ledger): Promise<number> {
  const eventId = newEventId()
  const decide = ({ events, lastSeq }: SubjectHistory): Decision<never> => ({
    kind: 'publish',
    event: submittedEvent(sampleAttempt('1', events.length + 1), { id: eventId }),
    expectedSeq: lastSeq,
  })
  const subject = taskSubject(sampleAttempt('1'))
  const published = await patiently(() => ledger.publish({ subject, eventId, decide, signal }))
  if (published.kind !== 'stored') throw new Error('not stored')
  return published.stored.seq
}

const line = (nth: number): LogBatch => ({
  head: { v: 1, submittedId: 's', first: nth, last: nth, count: 1, gaps: [] },
  lines: [JSON.stringify({ seq: nth })],
})

describeOnEach('while its leader is killed', () => {
  it('the broker stores every submit once, delivers all of it, and keeps documents and log lines', async () => {
    const [one, two, reader] = await Promise.all(['one', 'two', 'reader'].map((name) => cluster.connect(name)))
    if (one === undefined || two === undefined || reader === undefined) throw new Error('not connected')
    const ledgers = [await createLedger(one), await createLedger(two)]
    const stop = new AbortController()
    const followed: number[] = []
    const following = (async () => {
      const source = await createLedger(reader)
      for await (const { seq } of source.follow({ signal: stop.signal })) followed.push(seq)
    })()
    const handled = new Set<number>()
    await using durable = await runDurable({
      broker: reader,
      stream: 'TASKS',
      durable: 'leader-loss',
      concurrency: 4,
      keyOf: ({ subject }) => subject,
      handler: async ({ stored }) => void handled.add(stored.seq),
      logger: silentLog,
      clock: systemClock,
    })

    const stored: number[] = []
    const submitting = ledgers.map(async (ledger) => {
      for (let nth = 0; nth < SUBMITS / ledgers.length; nth += 1) stored.push(await submit(ledger))
    })
    const documents = await Promise.all([one, two].map((broker) => openDocuments(broker, 'leases', LeaseDocument)))
    const won = new Map<string, string[]>()
    const creating = documents.map(async (bucket, writer) => {
      for (let nth = 0; nth < DOCUMENTS; nth += 1) {
        const [key, holder] = [`key.${nth}`, `writer ${writer}`]
        const create = (): Promise<number> => bucket.create(key, { v: 1, holder, beat: 0 })
        const outcome = await patiently(create).catch((error: unknown) => error)
        if (typeof outcome === 'number') won.set(key, [...(won.get(key) ?? []), holder])
        else expect(outcome).toMatchObject({ code: 'DOCUMENT_CONFLICT' })
      }
    })
    const logs = createLogs(two)
    const subject = logSubject(sampleAttempt('1'))
    const logging = (async () => {
      let last = 0
      for (let nth = 1; nth <= LINES;) {
        const answer = await patiently(() => logs.publish(subject, line(nth), last))
        last = answer.seq
        // As a watcher does: go on after the last line that is there.
        nth = answer.kind === 'stored' ? nth + 1 : (answer.batch?.head.last ?? 0) + 1
      }
    })()

    await expect.poll(() => stored.length).toBeGreaterThan(2)
    const leader = await cluster.leaderOf('TASKS')
    await leader.kill()
    expect(stored.length).toBeLessThan(SUBMITS)
    const next = await cluster.leaderOf('TASKS')
    expect(next.name).not.toBe(leader.name)
    await leader.restart()
    await Promise.all([...submitting, ...creating, logging])

    const { events } = await patiently(() =>
      createLedger(one).then((ledger) => ledger.read('task.trader.master.1', signal)),
    )
    const numbers = events.map(({ event }) => event.type === 'task.submitted' && event.data.attempt.n)
    expect(numbers).toEqual(Array.from({ length: SUBMITS }, (_, nth) => nth + 1))
    const sequences = events.map(({ seq }) => seq)
    expect(stored.toSorted((a, b) => a - b)).toEqual(sequences)
    await expect.poll(() => followed.length).toBe(SUBMITS)
    expect(followed).toEqual(sequences)
    await expect.poll(() => handled.size).toBe(SUBMITS)
    const entries = await documents[0]?.list('key.*')
    expect(entries).toHaveLength(DOCUMENTS)
    for (const { key, value } of entries ?? []) {
      const winners = won.get(key) ?? []
      expect(winners.length).toBeLessThan(2)
      if (winners.length === 1) expect(winners).toEqual([value.holder])
    }
    const batches = await Array.fromAsync(logs.read({ subject, fromLine: 1, follow: false, signal }))
    expect(batches.map(({ head }) => head.first)).toEqual(Array.from({ length: LINES }, (_, nth) => nth + 1))
    expect(durable.health()).toBe('ok')
    stop.abort()
    await following
  })
})
