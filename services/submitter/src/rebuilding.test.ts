import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { RebuildAnswer, RebuildStatus, taskSubject } from '@orchestrator/shared/contracts'
import { createLedger } from '@orchestrator/shared/nats'
import {
  sampleAttempt,
  startTestBroker,
  submittedEvent,
  temporaryDirectory,
  type TestBroker,
} from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { sampleSettings } from './testing/samples.ts'
import { FIRST, post, startSubmitter, type SubmitterFixture } from './testing/submitter-fixture.ts'
import { spawnSubmitter } from './testing/submitter-process.ts'

const PATIENCE = { timeout: 30_000, interval: 30 }
const never = new AbortController().signal

type Sender = Pick<SubmitterFixture, 'send'>
const at = (url: string): Sender => ({ send: async (path, init) => await fetch(new URL(path, url), init) })

async function order({ send }: Sender): Promise<RebuildAnswer> {
  const response = await send('/v1/rebuild', post({}))
  expect(response.status).toBe(202)
  return RebuildAnswer.parse(await response.json())
}

async function status({ send }: Sender, { views }: RebuildAnswer): Promise<RebuildStatus> {
  return RebuildStatus.parse(await (await send(`/v1/rebuild?views=${views}`)).json())
}

async function untilDone(sender: Sender, answer: RebuildAnswer): Promise<RebuildStatus> {
  return await vi.waitFor(async () => {
    const now = await status(sender, answer)
    expect(now.done).toBe(true)
    return now
  }, PATIENCE)
}

/** As if nobody had noticed for long: what it answers is wrong, and nothing about its file says so. */
function spoil(file: string): void {
  using database = new DatabaseSync(file)
  database.exec('UPDATE attempts SET key_hash = 1, branch_hash = 2, rank = 7')
}

/** Attempts that somebody submitted before, without waiting. */
async function fill(broker: TestBroker, count: number): Promise<void> {
  const { nc, jsm } = await broker.connect('fill')
  for (let i = 1; i <= count; i += 1) {
    const ref = sampleAttempt('1', i, 'past')
    nc.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))
    if (i % 1000 === 0) await nc.flush()
  }
  await nc.flush()
  await vi.waitFor(async () => expect((await jsm.streams.info('TASKS')).state.messages).toBe(count), PATIENCE)
}

describe('a rebuild', () => {
  it('gives every replica its view back as the ledger has it: keys, numbers and branches', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const files = [1, 2].map((n) => `${directory.path}/view-${n}.sqlite`)
    const start = async (viewFile = ''): Promise<SubmitterFixture> => {
      const submitter = await startSubmitter({ brokerUrl: broker.url, viewFile })
      await submitter.ready()
      return submitter
    }
    const before = await Promise.all(files.map(start))
    const [first] = before
    if (first === undefined) throw new Error('none')
    const body = { service: 'trader', taskId: '1' }
    const made = await first.submit(body, 'key-1')
    const rival = await first.submit({ service: 'auth', taskId: '1' }, 'key-2')
    for (const one of before) await one.attempts(`after=${rival.sequence}`)
    for (const one of before) await one[Symbol.asyncDispose]()
    for (const file of files) spoil(file)
    await using one = await start(files[0])
    await using two = await start(files[1])
    expect((await one.attempts()).attempts.map(({ phase }) => phase)).not.toContain('Submitted')
    const answer = await order(one)
    const done = await untilDone(two, answer)
    expect(done).toMatchObject({ documents: null, views: [{ views: answer.views, current: true }, { current: true }] })
    for (const replica of [one, two]) {
      await replica.ready()
      expect((await replica.attempts()).attempts.map(({ name, phase, branch }) => [name, phase, branch])).toEqual([
        [rival.attempt, 'Submitted', rival.branch],
        [made.attempt, 'Submitted', made.branch],
      ])
      const again = await replica.submit(body, 'key-1')
      expect(again).toMatchObject({
        attempt: made.attempt,
        n: 1,
        branch: made.branch,
        sequence: made.sequence,
        repeated: true,
      })
      const other = post({ ...FIRST, ...body, guidance: 'else' }, { 'idempotency-key': 'key-1' })
      expect(await replica.refused('/v1/tasks', other)).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_REUSED' })
    }
    expect(await one.submit(body)).toMatchObject({ n: 2, branch: made.branch, branchIsNew: false })
    expect(await two.submit({ service: 'auth', taskId: '1' })).toMatchObject({ n: 2, branch: rival.branch })
  })

  it('shows how far it is, and takes submits only when it is through', { timeout: 90_000 }, async () => {
    await using broker = await startTestBroker()
    // Enough to be asked about before they are through.
    await fill(broker, 30_000)
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const answer = await order(submitter)
    const submit = post({ ...FIRST, service: 'trader', taskId: '1' }, { 'idempotency-key': 'k' })
    expect(await submitter.refused('/v1/tasks', submit)).toMatchObject({ status: 503, code: 'VIEW_NOT_READY' })
    expect(await submitter.refused('/v1/attempts')).toMatchObject({ status: 503, code: 'VIEW_NOT_READY' })
    const [seen] = (await status(submitter, answer)).views
    expect(seen?.of).toBe(30_000)
    // Asked again meanwhile, it goes on with the one that is under way.
    const joined = await order(submitter)
    expect([answer.views, answer.views + 1]).toContain(joined.views)
    const done = await untilDone(submitter, joined)
    expect(done.views).toMatchObject([{ current: true, sequence: 30_000, of: 30_000, views: joined.views }])
    expect((await submitter.send('/v1/tasks', submit)).status).toBe(202)
  })

  it('reaches a replica that was away, when it is back', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const viewFile = `${directory.path}/view.sqlite`
    const away = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await away.ready()
    const { attempt, sequence } = await away.submit({ service: 'trader', taskId: '1' })
    await away.attempt(attempt, sequence)
    await away[Symbol.asyncDispose]()
    spoil(viewFile)
    await using there = await startSubmitter({ brokerUrl: broker.url })
    await there.ready()
    const answer = await order(there)
    await untilDone(there, answer)
    await using back = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await back.ready()
    expect(await back.attempt(attempt)).toMatchObject({ phase: 'Submitted', branch: 'feature/task-1-implementation' })
    expect((await untilDone(back, answer)).views).toHaveLength(2)
  })

  it('cut by kill -9 at any moment is completed by the next start', { timeout: 120_000 }, async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    await fill(broker, 4000)
    const settings = `${directory.path}/settings.json`
    await writeFile(settings, JSON.stringify(sampleSettings()))
    const environment = {
      SETTINGS_FILE: settings,
      NATS_URL: broker.url,
      VIEW_FILE: `${directory.path}/view.sqlite`,
      LOG_LEVEL: 'info',
    }
    const ready = async (url: string): Promise<void> => {
      await vi.waitFor(async () => expect((await fetch(new URL('/readyz', url))).status).toBe(200), PATIENCE)
    }
    const body = post({ ...FIRST, service: 'trader', taskId: '1' }, { 'idempotency-key': 'k' })
    let answer: RebuildAnswer = { views: 0, documents: null }
    let made: unknown
    for (const delayMs of [0, 40, 150]) {
      await using submitter = await spawnSubmitter(environment)
      await ready(submitter.url)
      if (made === undefined) made = await (await at(submitter.url).send('/v1/tasks', body)).json()
      answer = await order(at(submitter.url))
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      await submitter.kill()
    }
    await using last = await spawnSubmitter(environment)
    expect((await untilDone(at(last.url), answer)).views).toMatchObject([{ views: answer.views, sequence: 4001 }])
    const again = await at(last.url).send('/v1/tasks', body)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ attempt: (made as { attempt: string }).attempt, repeated: true })
  })

  it('cannot be ordered without the broker, nor of documents without a launcher', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    expect(await submitter.refused('/v1/rebuild', post({ documents: true }))).toMatchObject({
      status: 503,
      code: 'RUNTIME_UNAVAILABLE',
      detail: expect.stringContaining('no launcher answers'),
    })
    expect((await submitter.refused('/v1/rebuild', post({ document: true }))).errors).toMatchObject([
      { field: 'document' },
    ])
    await broker.kill()
    const problem = await vi.waitFor(() => submitter.refused('/v1/rebuild', post({})), PATIENCE)
    expect(problem).toMatchObject({ status: 503, code: 'BROKER_UNAVAILABLE' })
  })
})

describe('the number of rebuilds', () => {
  it('is kept with the ledger, whoever declares the streams again', async () => {
    await using broker = await startTestBroker()
    const ledger = await createLedger(await broker.connect('one'))
    expect(await ledger.outdateViews(never)).toBe(1)
    const other = await createLedger(await broker.connect('two', { ledgerMaxBytes: 128 * 1024 * 1024 }))
    expect(other.views).toBe(1)
    expect(await other.outdateViews(never)).toBe(2)
    expect(other.generation).toBe(1)
  })
})
