/** What LEDGER.md promises of submits that race, are repeated, or lose their answers: on every server that is supported. */
import { rm } from 'node:fs/promises'
import { IDEMPOTENCY_HEADER, type SubmitAnswer, taskSubject } from '@orchestrator/shared/contracts'
import { createLedger } from '@orchestrator/shared/nats'
import { type LostAcksProxy, startLostAcks, temporaryDirectory, type TestServers } from '@orchestrator/testing'
import { describeOnBrokers } from '@orchestrator/testing/vitest'
import { expect, it, vi } from 'vitest'
import { FIRST, post, startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

let servers: TestServers
const describeOnEach = describeOnBrokers(async (started) => {
  servers = started
})

const PATIENCE = { timeout: 50_000, interval: 50 }
const countTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)

let names = 0
/** Each test has a service of its own, and so tasks of its own. */
function ownService(): string {
  names += 1
  return `service${names}`
}

interface Replicas extends AsyncDisposable {
  /** The one that takes the nth request. */
  of(nth: number): SubmitterFixture
}

/** Two submitters, ready. */
async function startTwo(
  options: { readonly urls?: readonly string[]; readonly viewFiles?: readonly string[] } = {},
): Promise<Replicas> {
  await using stack = new AsyncDisposableStack()
  const both: SubmitterFixture[] = []
  for (const index of [0, 1]) {
    const viewFile = options.viewFiles?.[index]
    const brokerUrl = options.urls?.[index] ?? servers.url
    const started = await startSubmitter({
      brokerUrl,
      replicas: servers.replicas,
      ...(viewFile === undefined ? {} : { viewFile }),
    })
    both.push(stack.use(started))
  }
  await Promise.all(both.map((submitter) => submitter.ready()))
  const owned = stack.move()
  return {
    of: (nth) => {
      const chosen = both[nth % both.length]
      if (chosen === undefined) throw new Error('no replica')
      return chosen
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Numbers of the attempts of a task, in the order of the ledger, as the ledger itself has them. */
async function storedNumbers(service: string, taskId: string): Promise<readonly number[]> {
  await using broker = await servers.connect('reader', { topology: false })
  const ledger = await createLedger(broker)
  const { events } = await ledger.read(taskSubject({ service, tag: 'master', taskId }), AbortSignal.timeout(10_000))
  return events.flatMap(({ event }) => (event.type === 'task.submitted' ? [event.data.attempt.n] : []))
}

interface Keyed {
  readonly taskId: string
  readonly key: string
}

/** As people do it: the same request, with its key, until it is answered. Every request goes through both replicas. */
async function submitPatiently(
  replicas: Replicas,
  service: string,
  requests: readonly Keyed[],
): Promise<readonly (readonly SubmitAnswer[])[]> {
  return await Promise.all(
    requests.map(({ taskId, key }) =>
      Promise.all(
        [0, 1].map((nth) =>
          vi.waitFor(() => replicas.of(nth).submit({ service, taskId }, `${service}-${key}`), PATIENCE),
        ),
      ),
    ),
  )
}

/** One attempt for each request, whichever replica answered, and dense numbers for each task. */
async function expectEachOnce(
  service: string,
  requests: readonly Keyed[],
  answers: readonly (readonly SubmitAnswer[])[],
): Promise<void> {
  const attempts = answers.map((pair) => [...new Set(pair.map(({ attempt }) => attempt))])
  expect(attempts.filter((different) => different.length !== 1)).toEqual([])
  expect(new Set(attempts.flat()).size).toBe(requests.length)
  const tasks = Map.groupBy(requests, ({ taskId }) => taskId)
  for (const [taskId, own] of tasks) expect(await storedNumbers(service, taskId)).toEqual(countTo(own.length))
}

function keysFor(tasks: number, attempts: number): readonly Keyed[] {
  return countTo(tasks).flatMap((task) =>
    countTo(attempts).map((nth) => ({ taskId: String(task), key: `${task}-${nth}` })),
  )
}

describeOnEach('racing submits', () => {
  it('of one task through two replicas get different numbers, without a hole, and no message ids', async () => {
    const service = ownService()
    await using replicas = await startTwo()
    await using broker = await servers.connect('observer', { topology: false })
    const ids: unknown[] = []
    const spy = broker.nc.subscribe(`task.${service}.>`, {
      callback: (_error, { headers }) => void ids.push(headers?.get('Nats-Msg-Id') ?? ''),
    })
    await broker.nc.flush()
    const answers = await Promise.all(
      countTo(50).map((nth) => replicas.of(nth).submit({ service, taskId: '1', guidance: `g${nth}` })),
    )
    expect(answers.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(countTo(50))
    expect(await storedNumbers(service, '1')).toEqual(countTo(50))
    const after = Math.max(...answers.map(({ sequence }) => sequence))
    const list = async (nth: number): Promise<string[]> =>
      (await replicas.of(nth).attempts(`service=${service}&limit=200&after=${after}`)).attempts.map(({ name }) => name)
    expect(await list(0)).toEqual(await list(1))
    expect(await list(0)).toHaveLength(50)
    await broker.nc.flush()
    spy.unsubscribe()
    expect(ids.length).toBeGreaterThanOrEqual(50)
    expect(new Set(ids)).toEqual(new Set(['']))
  })

  it('with one key make one attempt, which is the answer ever after, and another body is refused', async () => {
    const service = ownService()
    await using directory = await temporaryDirectory()
    const viewFiles = ['one', 'two'].map((name) => `${directory.path}/${name}.sqlite`)
    const body = { service, taskId: '1' }
    const expectTheSame = async (replicas: Replicas, attempt: string): Promise<void> => {
      for (const nth of [0, 1]) {
        expect(await replicas.of(nth).submit(body, service)).toMatchObject({ attempt, n: 1, repeated: true })
        const other = post({ ...FIRST, ...body, model: 'opus' }, { [IDEMPOTENCY_HEADER]: service })
        const problem = await replicas.of(nth).refused('/v1/tasks', other)
        expect(problem).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_REUSED', attempt })
      }
      expect(await storedNumbers(service, '1')).toEqual([1])
    }
    let attempt = ''
    {
      await using replicas = await startTwo({ viewFiles })
      const answers = await Promise.all(countTo(50).map((nth) => replicas.of(nth).submit(body, service)))
      attempt = answers[0]?.attempt ?? ''
      expect(new Set(answers.map((answer) => answer.attempt))).toEqual(new Set([attempt]))
      expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
      await expectTheSame(replicas, attempt)
    }
    {
      await using restarted = await startTwo({ viewFiles })
      await expectTheSame(restarted, attempt)
    }
    for (const file of viewFiles) for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })
    await using rebuilt = await startTwo({ viewFiles })
    await expectTheSame(rebuilt, attempt)
  })

  it('are doubled by no lost acknowledgement, and none of them is lost', async () => {
    const service = ownService()
    await using stack = new AsyncDisposableStack()
    const proxies: LostAcksProxy[] = []
    const [target = ''] = servers.url.split(',')
    // Three of ten.
    const loses = (nth: number): boolean => [1, 4, 8].includes(nth % 10)
    for (let count = 0; count < 2; count += 1) {
      proxies.push(stack.use(await startLostAcks({ target, stream: 'TASKS', loses })))
    }
    const replicas = stack.use(await startTwo({ urls: proxies.map(({ url }) => url) }))
    const requests = keysFor(15, 2)
    await expectEachOnce(service, requests, await submitPatiently(replicas, service, requests))
    const lost = proxies.reduce((sum, proxy) => sum + proxy.lost, 0)
    expect(lost / (lost + proxies.reduce((sum, proxy) => sum + proxy.passed, 0))).toBeGreaterThan(0.25)
  })

  it('are doubled by no crash of the server that takes them, and none of them is lost', async () => {
    const service = ownService()
    await using replicas = await startTwo()
    // So many that they are not through before the server is gone.
    const requests = keysFor(10, 24)
    let answered = false
    const answering = submitPatiently(replicas, service, requests).finally(() => (answered = true))
    await vi.waitFor(async () => expect((await storedNumbers(service, '1')).length).toBeGreaterThan(0), PATIENCE)
    const leader = await servers.leaderOf('TASKS')
    await leader.kill()
    expect(answered).toBe(false)
    await leader.restart()
    await expectEachOnce(service, requests, await answering)
  })
})

describeOnEach('a key', () => {
  it('outlives every window of the broker: the ledger needs none', async () => {
    const service = ownService()
    await using broker = await servers.connect('operator')
    const windowMs = 100
    await broker.jsm.streams.update('TASKS', { duplicate_window: windowMs * 1_000_000 })
    await using replicas = await startTwo()
    const acceptedAt = async ({ attempt, sequence }: SubmitAnswer): Promise<number> =>
      Date.parse((await replicas.of(0).attempt(attempt, sequence)).submittedAt)
    const first = await replicas.of(0).submit({ service, taskId: '1' }, service)
    const start = await acceptedAt(first)
    await expect
      .poll(async () => (await acceptedAt(await replicas.of(0).submit({ service, taskId: '2' }))) - start)
      .toBeGreaterThan(2 * windowMs)
    for (const nth of [0, 1]) {
      const again = await replicas.of(nth).submit({ service, taskId: '1' }, service)
      expect(again).toMatchObject({ attempt: first.attempt, repeated: true })
    }
    expect(await storedNumbers(service, '1')).toEqual([1])
  })
})
