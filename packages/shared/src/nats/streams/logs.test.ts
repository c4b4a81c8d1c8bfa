import { startTestBroker } from '@orchestrator/testing'
import { describeOnBrokers, describeOnVersions } from '@orchestrator/testing/vitest'
import { expect, it } from 'vitest'
import { type LogBatch, logSubject } from '../../contracts/index.ts'
import type { Logs } from '../ports.ts'
import { createLogs } from './logs.ts'

const { signal } = new AbortController()
const subjectOf = (taskId: string): string => logSubject({ service: 'trader', tag: 'master', taskId, n: 1 })

function batch(first: number, count: number, closing?: { lines: number; gaps: number }): LogBatch {
  const head = { v: 1 as const, submittedId: 's', first, last: first + count - 1, count, gaps: [] }
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ seq: first + i }))
  return { head: closing === undefined ? head : { ...head, closing }, lines }
}

let logs: Logs
const describeOnEach = describeOnBrokers(async (server) => {
  logs = createLogs(await server.connect('test'))
})

describeOnEach('publish', () => {
  it('stores in sequence and answers a refusal with the last batch that is there', async () => {
    const subject = subjectOf('1')
    expect(await logs.last(subject, signal)).toBeUndefined()
    expect(await logs.publish(subject, batch(1, 2), 77)).toEqual({ kind: 'refused', seq: 0, batch: undefined })
    const stored = await logs.publish(subject, batch(1, 2), 0)
    expect(stored.kind).toBe('stored')
    const refused = await logs.publish(subject, batch(1, 3), 0)
    expect(refused).toEqual({ kind: 'refused', seq: stored.seq, batch: batch(1, 2) })
    expect(await logs.last(subject, signal)).toEqual({ seq: stored.seq, batch: batch(1, 2) })
  })
})

describeOnEach('read', () => {
  it('starts with the batch that holds the line, and ends with what is stored or with the closing batch', async () => {
    const subject = subjectOf('2')
    let seq = 0
    for (const next of [batch(1, 10), batch(11, 10), batch(21, 10)]) seq = (await logs.publish(subject, next, seq)).seq
    const stored = await Array.fromAsync(logs.read({ subject, fromLine: 15, follow: false, signal }))
    expect(stored.map(({ head }) => head.first)).toEqual([11, 21])
    const following = Array.fromAsync(logs.read({ subject, fromLine: 25, follow: true, signal }))
    await logs.publish(subject, batch(31, 0, { lines: 30, gaps: 0 }), seq)
    const followed = await following
    expect(followed.map(({ head }) => head.first)).toEqual([21, 31])
    expect(followed.at(-1)?.head.closing).toEqual({ lines: 30, gaps: 0 })
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    const reading = Array.fromAsync(
      logs.read({ subject: subjectOf('4'), fromLine: 1, follow: true, signal: stop.signal }),
    )
    await new Promise(setImmediate)
    stop.abort()
    expect(await reading).toEqual([])
  })
})

describeOnVersions('a broker of its own', (binary) => {
  it('follows across crashes of the broker, also where they lose acknowledged batches', async () => {
    await using crashing = await startTestBroker({ binary })
    const own = await crashing.connect('logs')
    const crashingLogs = createLogs(own)
    const subject = subjectOf('3')
    const seen: number[] = []
    const reading = (async () => {
      for await (const { head } of crashingLogs.read({ subject, fromLine: 1, follow: true, signal })) {
        seen.push(...Array.from({ length: head.count }, (_, i) => head.first + i))
      }
    })()
    const writer = { next: 1, expected: 0 }
    const send = async (): Promise<void> => {
      const answer = await crashingLogs.publish(subject, batch(writer.next, 5), writer.expected)
      writer.expected = answer.seq
      // As a watcher does: go on after the last line that is there.
      if (answer.kind === 'stored') writer.next += 5
      else writer.next = (answer.batch?.head.last ?? 0) + 1
    }
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) await send()
      await crashing.restart()
      await expect.poll(() => own.connected).toBe(true)
    }
    while (writer.next <= 50) await send()
    await crashingLogs.publish(subject, batch(writer.next, 0, { lines: writer.next - 1, gaps: 0 }), writer.expected)
    await reading
    expect([...new Set(seen)]).toEqual(Array.from({ length: writer.next - 1 }, (_, i) => i + 1))
  })
})
