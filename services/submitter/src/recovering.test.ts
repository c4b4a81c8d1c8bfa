import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { progressSubject } from '@orchestrator/shared/contracts'
import { createProgress } from '@orchestrator/shared/nats'
import { progressedEvent, startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from './testing/submitter-fixture.ts'

const PATIENCE = { timeout: 15_000, interval: 50 }
const names = async (submitter: SubmitterFixture): Promise<string[]> =>
  (await submitter.attempts('limit=200')).attempts.map(({ name }) => name)

async function submitMany(submitter: SubmitterFixture, ids: readonly number[]): Promise<void> {
  for (const taskId of ids) {
    const { attempt, sequence } = await submitter.submit({ service: 'trader', taskId })
    await submitter.attempt(attempt, sequence)
  }
}

describe('a view that is found again', () => {
  it('goes on where it was', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const viewFile = `${directory.path}/view.sqlite`
    const before = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await before.ready()
    await submitMany(before, [1, 2])
    await before[Symbol.asyncDispose]()
    await using meanwhile = await startSubmitter({ brokerUrl: broker.url })
    await meanwhile.ready()
    await submitMany(meanwhile, [3])
    await using after = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await after.ready()
    expect(await names(after)).toEqual(await names(meanwhile))
    expect(await names(after)).toHaveLength(3)
    expect((await after.submit({ service: 'trader', taskId: 3 })).n).toBe(2)
  })

  it.each([
    ['damaged', (file: string) => readFile(file).then((bytes) => writeFile(file, bytes.fill(0x5a, 4096)))],
    ['no database', (file: string) => writeFile(file, 'x'.repeat(10_000))],
    ['of another release', (file: string) => alter(file, 'PRAGMA user_version = 999')],
    ['ahead of the ledger', (file: string) => alter(file, "UPDATE cursors SET seq = 500 WHERE stream = 'TASKS'")],
    [
      'of another ledger',
      (file: string) => alter(file, "UPDATE cursors SET event_id = 'other' WHERE stream = 'TASKS'"),
    ],
    ['of another generation', (file: string) => alter(file, "UPDATE facts SET value = '7' WHERE name = 'generation'")],
    [
      'of another progress stream',
      (file: string) => alter(file, "UPDATE cursors SET event_id = 'other' WHERE stream = 'PROGRESS'"),
    ],
  ])('is made anew when it is %s', async (_title, spoil) => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const viewFile = `${directory.path}/view.sqlite`
    const before = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await before.ready()
    await submitMany(before, [1, 2])
    const ref = { service: 'trader', tag: 'master', taskId: '1', n: 1 }
    await createProgress(await broker.connect('watcher')).publish(progressSubject(ref), progressedEvent(ref))
    await vi.waitFor(
      async () => expect((await before.attempt('trader-claude-agent-1-task1-attempt1')).phase).toBe('Running'),
      PATIENCE,
    )
    await before[Symbol.asyncDispose]()
    await alter(viewFile, "UPDATE attempts SET agent = 'wrong', rank = 7")
    await spoil(viewFile)
    await using after = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await after.ready()
    const { attempts } = await after.attempts()
    expect(attempts.map(({ taskId, phase }) => [taskId, phase])).toEqual([
      ['2', 'Submitted'],
      ['1', 'Running'],
    ])
  })

  it('cannot be shared by two replicas', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const viewFile = `${directory.path}/view.sqlite`
    await using one = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await expect(startSubmitter({ brokerUrl: broker.url, viewFile })).rejects.toThrow(/is in use by another process/)
    await one.ready()
  })
})

/** As another program would. */
async function alter(file: string, sql: string): Promise<void> {
  using database = new DatabaseSync(file)
  database.exec(sql)
}

describe('a broker that dies', () => {
  it('is answered with 503 and a time to come back, reads go on, and submits go through once it is back', async () => {
    await using broker = await startTestBroker({ sync: true })
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitMany(submitter, [1])
    await broker.kill()
    const unavailable = async (): Promise<Response> => {
      const response = await submitter.send('/v1/tasks', post({ ...FIRST, service: 'trader', taskId: 2 }))
      expect(response.status).toBe(503)
      return response
    }
    const response = await vi.waitFor(unavailable, PATIENCE)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await names(submitter)).toHaveLength(1)
    const readyz = await submitter.send('/readyz')
    expect(readyz.status).toBe(503)
    expect(await readyz.json()).toMatchObject({ ready: false, checks: { broker: 'disconnected' } })
    expect(await submitter.refused('/v1/attempts/unknown')).toMatchObject({ status: 503, code: 'BROKER_UNAVAILABLE' })
    expect(await submitter.refused('/v1/attempts/trader-claude-agent-1-task1-attempt1/stop', post({}))).toMatchObject({
      status: 503,
    })
    expect((await submitter.send('/livez')).status).toBe(200)
    await broker.restart()
    await submitter.ready()
    const second = await submitter.submit({ service: 'trader', taskId: 1 })
    expect(second.n).toBe(2)
    await submitter.attempt(second.attempt, second.sequence)
    expect(await names(submitter)).toHaveLength(2)
  })

  it('makes nothing twice of what was being submitted', async () => {
    await using broker = await startTestBroker({ sync: true })
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const sent = Array.from({ length: 40 }, (_, index) =>
      submitWithPatience(submitter, { service: 'trader', taskId: index % 20 }, `key-${index}`),
    )
    await vi.waitFor(async () => expect((await names(submitter)).length).toBeGreaterThan(0), PATIENCE)
    await broker.restart()
    const attempts = await Promise.all(sent)
    expect(new Set(attempts).size).toBe(40)
    await submitter.ready()
    await vi.waitFor(async () => expect(await names(submitter)).toHaveLength(40), PATIENCE)
  })

  it('and comes back with another store is noticed', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    await using submitter = await startSubmitter({ brokerUrl: broker.url, viewFile: `${directory.path}/view.sqlite` })
    await submitter.ready()
    await submitMany(submitter, [1, 2])
    await broker.kill()
    await rm(`${broker.directory}/store`, { recursive: true })
    await broker.restart()
    // Declares the streams, which are gone with the store.
    await broker.connect('operator')
    await submitter.ready()
    await vi.waitFor(async () => expect(await names(submitter)).toEqual([]), PATIENCE)
  })
})

// Past the view's cursor the other ledger goes on: its next events must not be taken for ours.
describe('a broker that comes back with the ledger of another', () => {
  it('is noticed, though its ledger is longer than the view', async () => {
    await using ours = await startTestBroker()
    await using other = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: ours.url })
    await using stranger = await startSubmitter({ brokerUrl: other.url })
    await Promise.all([submitter.ready(), stranger.ready()])
    await submitMany(submitter, [1, 2])
    for (const taskId of [5, 6, 7, 8]) {
      const { attempt, sequence } = await stranger.submit({ service: 'strange', taskId })
      await stranger.attempt(attempt, sequence)
    }
    await Promise.all([ours.kill(), other.kill()])
    await rm(`${ours.directory}/store`, { recursive: true })
    await cp(`${other.directory}/store`, `${ours.directory}/store`, { recursive: true })
    await ours.restart()
    await submitter.ready()
    await vi.waitFor(async () => expect(await names(submitter)).toHaveLength(4), PATIENCE)
    expect((await names(submitter)).every((name) => name.startsWith('strange-'))).toBe(true)
  })
})

async function submitWithPatience(
  submitter: SubmitterFixture,
  body: Record<string, unknown>,
  key: string,
): Promise<string> {
  const answer = await vi.waitFor(() => submitter.submit(body, key), PATIENCE)
  return answer.attempt
}

describe('a ledger that is nearly full', () => {
  it('takes no submits, but stops', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url, ledgerMaxBytes: 64 * 1024 * 1024 })
    await submitter.ready()
    const { attempt, sequence } = await submitter.submit({ service: 'trader', taskId: 1 })
    await submitter.attempt(attempt, sequence)
    const connection = await broker.connect('filler', { ledgerMaxBytes: 64 * 1024 * 1024 })
    const block = new Uint8Array(900_000)
    for (let i = 0; i < 36; i += 1) await connection.js.publish(`task.filler.master.${i}`, block)
    const body = post({ ...FIRST, service: 'trader', taskId: 2 })
    const problem = await vi.waitFor(() => submitter.refused('/v1/tasks', body), PATIENCE)
    expect(problem).toMatchObject({ status: 503, code: 'LEDGER_FULL' })
    expect((await submitter.stop(attempt)).accepted).toBe(true)
    expect((await submitter.send('/readyz')).status).toBe(200)
  })
})

// The copy keeps a file as it was while a replica had it open: what a kill leaves behind.
describe('a replica that was killed', () => {
  it('leaves a view that the next one can use', async () => {
    await using broker = await startTestBroker()
    await using directory = await temporaryDirectory()
    const viewFile = `${directory.path}/view.sqlite`
    await using killed = await startSubmitter({ brokerUrl: broker.url, viewFile })
    await killed.ready()
    await submitMany(killed, [1, 2, 3])
    const left = `${directory.path}/left.sqlite`
    for (const suffix of ['', '-wal']) await copyFile(viewFile + suffix, left + suffix)
    await using next = await startSubmitter({ brokerUrl: broker.url, viewFile: left })
    await next.ready()
    expect(await names(next)).toEqual(await names(killed))
  })
})
