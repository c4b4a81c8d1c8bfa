import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { attemptSubject, type LogBatch, logSubject, taskSubject } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createLedger, createLogs } from '@orchestrator/shared/nats'
import {
  finishedEvent,
  startedEvent,
  startTestBroker,
  temporaryDirectory,
  type TemporaryDirectory,
  type TestBroker,
} from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

const REF = { service: 'trader', tag: 'master', taskId: '1', n: 1 }
const NAME = 'trader-claude-agent-1-task1-attempt1'
const { signal } = new AbortController()

const line = (seq: number): string =>
  JSON.stringify({ seq, time: '2026-01-01T00:00:00.000Z', kind: 'text', text: `line ${seq} ü\u0000` })
const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => line(first + i))
const gap = (first: number, last: number): string => JSON.stringify({ kind: 'gap', first, last })
const end = (lines: number, gaps = 0): string => JSON.stringify({ kind: 'end', lines, gaps })
const batch = (first: number, last: number, closing?: { lines: number; gaps: number }): LogBatch => ({
  head: {
    v: 1,
    submittedId: 'x',
    first,
    last,
    count: last - first + 1,
    gaps: [],
    ...(closing === undefined ? {} : { closing }),
  },
  lines: range(first, last),
})

interface Placed {
  readonly place: TemporaryDirectory
}

class Site implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  readonly broker: TestBroker
  readonly archive: string
  readonly lead: { ms: number }
  readonly submitter: SubmitterFixture

  private constructor({ broker, place, submitter, lead }: Pick<Site, 'broker' | 'submitter' | 'lead'> & Placed) {
    this.broker = this.#stack.use(broker)
    this.#stack.use(place)
    this.submitter = this.#stack.use(submitter)
    this.archive = place.path
    this.lead = lead
  }

  static async create(): Promise<Site> {
    const place = await temporaryDirectory()
    const broker = await startTestBroker()
    const lead = { ms: 0 }
    const clock = { ...systemClock, now: () => new Date(Date.now() + lead.ms) }
    const submitter = await startSubmitter({ brokerUrl: broker.url, archiveDirectory: place.path, clock })
    const site = new Site({ broker, place, submitter, lead })
    await site.submitter.ready()
    await site.submitter.submit({ service: 'trader', taskId: 1 })
    return site
  }

  async ship(...batches: readonly LogBatch[]): Promise<void> {
    const logs = createLogs(await this.broker.connect('logs'))
    let last = 0
    for (const part of batches) last = (await logs.publish(logSubject(REF), part, last)).seq
  }

  /** What launcher and watcher publish. */
  async finish(logs?: { lines: number; gaps: number }): Promise<void> {
    const ledger = await createLedger(await this.broker.connect('ledger'))
    const finished = finishedEvent(REF)
    delete finished.data.logs
    Object.assign(finished.data, { message: 'It ended\u001B[2J.' }, logs === undefined ? {} : { logs })
    let seq = 0
    for (const event of [startedEvent(REF), finished]) {
      const decide = ({ lastSeq }: { lastSeq: number }) => ({ kind: 'publish', event, expectedSeq: lastSeq }) as const
      const published = await ledger.publish({ subject: attemptSubject(REF), eventId: event.id, decide, signal })
      if (published.kind === 'stored') seq = published.stored.seq
    }
    await this.submitter.attempt(NAME, seq)
  }

  async purge(): Promise<void> {
    await (await this.broker.connect('purge')).jsm.streams.purge('LOGS')
  }

  /** As the watcher does it. */
  async putAway(lines: readonly string[], submittedId?: string): Promise<string> {
    const ledger = await createLedger(await this.broker.connect('read'))
    const { events } = await ledger.read(taskSubject(REF), signal)
    const head = {
      v: 1,
      kind: 'head',
      name: NAME,
      ...REF,
      submittedId: submittedId ?? events[0]?.event.id,
      origin: 'stream',
    }
    const path = join(this.archive, 'trader', 'master', '1', `${NAME}.ndjson.gz`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, gzipSync([JSON.stringify(head), ...lines].map((text) => `${text}\n`).join('')))
    return path
  }

  async read(query = ''): Promise<readonly string[]> {
    const response = await this.submitter.send(`/v1/attempts/${NAME}/logs?${query}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    return (await response.text()).split('\n').slice(0, -1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

describe('logs that the stream has let go', () => {
  it('are read from the archive, from any line on', { timeout: 60_000 }, async () => {
    await using site = await Site.create()
    const last = 50_000
    await site.ship(batch(1, 3), batch(4, 3, { lines: 3, gaps: 0 }))
    await site.finish({ lines: last - 2, gaps: 2 })
    await site.putAway([...range(1, 9), gap(10, 11), ...range(12, last), end(last - 2, 2)])
    expect(await site.read()).toEqual([...range(1, 3), end(3)])
    await site.purge()
    expect(await site.read()).toEqual([...range(1, 9), gap(10, 11), ...range(12, last), end(last - 2, 2)])
    expect(await site.read('fromLine=11&follow=true')).toEqual([gap(11, 11), ...range(12, last), end(last - 2, 2)])
    expect(await site.read(`fromLine=${last}`)).toEqual([line(last), end(last - 2, 2)])
    expect(await site.read(`fromLine=${last + 1}`)).toEqual([end(last - 2, 2)])
  })

  it('are read from the archive where only their first lines are gone, and from the stream after those', async () => {
    await using site = await Site.create()
    await site.ship(batch(4, 6), batch(7, 6, { lines: 6, gaps: 0 }))
    await site.finish({ lines: 6, gaps: 0 })
    expect(await site.read()).toEqual([gap(1, 3), ...range(4, 6), end(6)])
    // Told apart by its end.
    await site.putAway([...range(1, 6), end(6, 99)])
    expect(await site.read()).toEqual([...range(1, 6), end(6, 99)])
    expect(await site.read('fromLine=5')).toEqual([...range(5, 6), end(6)])
  })

  it('go on in the archive where the stream never got the end', async () => {
    await using site = await Site.create()
    await site.ship(batch(1, 2))
    await site.finish()
    await site.putAway([...range(1, 5), end(5)])
    site.lead.ms = 60_000
    expect(await site.read()).toEqual([...range(1, 5), end(5)])
    expect(await site.read('fromLine=2&follow=true')).toEqual([...range(2, 5), end(5)])
  })

  it('are gone with the archive: what the result kept of the end is told', async () => {
    await using site = await Site.create()
    await site.finish({ lines: 3, gaps: 0 })
    const path = await site.putAway([...range(1, 3), end(3)])
    expect(await site.read()).toEqual([...range(1, 3), end(3)])
    await rm(path)
    const problem = await site.submitter.refused(`/v1/attempts/${NAME}/logs`)
    expect(problem).toMatchObject({ status: 410, code: 'GONE', tail: 'It ended\\x1b[2J.' })
    expect(problem.detail).toContain(NAME)
  })

  it('are not those of an attempt of another ledger, nor what is no log', async () => {
    await using site = await Site.create()
    await site.finish({ lines: 3, gaps: 0 })
    const path = await site.putAway([...range(1, 3), end(3)], 'of-another-ledger')
    expect(await site.submitter.refused(`/v1/attempts/${NAME}/logs`)).toMatchObject({ status: 410 })
    await writeFile(path, 'not compressed')
    expect(await site.submitter.refused(`/v1/attempts/${NAME}/logs`)).toMatchObject({ status: 410 })
  })

  it('are not gone while the closing batch may come, or when nothing was written', async () => {
    await using site = await Site.create()
    await site.finish()
    expect(await site.read()).toEqual([])
    site.lead.ms = 60_000
    expect(await site.read()).toEqual([end(0)])
    site.lead.ms = 3 * 3_600_000
    expect(await site.submitter.refused(`/v1/attempts/${NAME}/logs`)).toMatchObject({ status: 410 })
    await using other = await Site.create()
    await other.finish({ lines: 0, gaps: 0 })
    other.lead.ms = 60_000
    expect(await other.read()).toEqual([end(0)])
  })

  it('are read from the archive while the broker is away', async () => {
    await using site = await Site.create()
    await site.finish({ lines: 3, gaps: 0 })
    const path = await site.putAway([...range(1, 3), end(3)])
    await site.broker.kill()
    await vi.waitFor(async () => expect((await site.submitter.send('/readyz')).status).toBe(503), { timeout: 15_000 })
    expect(await site.read('fromLine=3')).toEqual([line(3), end(3)])
    await rm(path)
    expect(await site.submitter.refused(`/v1/attempts/${NAME}/logs`)).toMatchObject({ status: 503 })
    await site.broker.restart()
  })

  it('break off where the archived file is damaged, and do not end as if they were whole', async () => {
    await using site = await Site.create()
    await site.finish({ lines: 20_000, gaps: 0 })
    const path = await site.putAway([...range(1, 20_000), end(20_000)])
    const whole = gzipSync([...range(1, 20_000)].join('\n'))
    await writeFile(path, (await readFile(path)).subarray(0, whole.length / 2))
    const response = await site.submitter.send(`/v1/attempts/${NAME}/logs`)
    await expect(response.text()).rejects.toThrow()
  })
})
