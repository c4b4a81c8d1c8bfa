/** A subscriber as the API's own log reading is: `fork`ed, it takes one order and answers when it has all lines. */
import { connectBroker, createLogs, type Logs } from '@orchestrator/shared/nats'
import { silentLog } from '@orchestrator/testing'
import { quantile, rounded } from '../measure/statistics.ts'
import type { ReadOrder, ReadResult } from './orders.ts'

const TIME = /"time":"([^"]+)"/

interface Seen {
  lines: number
  firstMs: number | undefined
  lastMs: number
  readonly latenciesMs: number[]
}

process.on('message', (order: ReadOrder) => {
  void read(order).then((result) => process.send?.(result))
})

async function read({ brokerUrl, subjects, lines }: ReadOrder): Promise<ReadResult> {
  const signal = new AbortController().signal
  await using broker = await connectBroker({ servers: [brokerUrl], name: 'subscriber', logger: silentLog, signal })
  const logs = createLogs(broker)
  const seen: Seen = { lines: 0, firstMs: undefined, lastMs: 0, latenciesMs: [] }
  process.send?.('reading')
  await Promise.all(subjects.map((subject) => readOne(logs, { subject, lines, seen })))
  const { latenciesMs, firstMs = 0, lastMs } = seen
  return {
    lines: seen.lines,
    seconds: (lastMs - firstMs) / 1000,
    p50Ms: rounded(quantile(latenciesMs, 0.5)),
    p95Ms: rounded(quantile(latenciesMs, 0.95)),
    maxMs: rounded(quantile(latenciesMs, 1)),
  }
}

interface Reading {
  readonly subject: string
  readonly lines: number
  readonly seen: Seen
}

async function readOne(logs: Logs, { subject, lines, seen }: Reading): Promise<void> {
  const signal = new AbortController().signal
  let got = 0
  for await (const { head, lines: texts } of logs.read({ subject, fromLine: 1, follow: true, signal })) {
    if (head.gaps.length > 0) throw new Error(`lines are missing on ${subject}`)
    const nowMs = Date.now()
    for (const text of texts) seen.latenciesMs.push(nowMs - Date.parse(TIME.exec(text)?.[1] ?? ''))
    got += texts.length
    seen.lines += texts.length
    seen.firstMs ??= nowMs
    seen.lastMs = nowMs
    if (got >= lines) return
  }
}
