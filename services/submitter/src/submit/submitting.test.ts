import { IDEMPOTENCY_HEADER, longTaskBranch, readEvent, taskSubject } from '@orchestrator/shared/contracts'
import { createLedger } from '@orchestrator/shared/nats'
import { finishedEvent, startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { sampleSettings } from '../testing/samples.ts'
import { FIRST, post, startSubmitter } from '../testing/submitter-fixture.ts'

const TASK = { service: 'trader', tag: 'master', taskId: '1' }
const FIFTY = Array.from({ length: 50 }, (_, index) => index)

describe('submitting', () => {
  it('answers with the attempt, its place, and what comes next, and shows it afterwards', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const response = await submitter.send('/v1/tasks', post({ ...FIRST, service: 'trader', taskId: 1 }))
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe('/v1/attempts/trader-claude-agent-1-task1-attempt1')
    const answer = await submitter.submit({ service: 'trader', taskId: '2', guidance: 'Use "reqwest".' })
    expect(answer).toMatchObject({
      attempt: 'trader-claude-agent-1-task2-attempt1',
      n: 1,
      guidance: 'Use "reqwest".',
      repeated: false,
    })
    const view = await submitter.attempt(answer.attempt, answer.sequence)
    expect(view).toMatchObject({
      phase: 'Submitted',
      taskId: '2',
      guidance: 'Use "reqwest".',
      sequence: answer.sequence,
      latest: true,
    })
    expect(view.requestedBy).toEqual({ door: 'http', caller: 'local' })
    const { tasks } = await submitter.tasks(`service=trader&after=${answer.sequence}`)
    expect(tasks.map(({ taskId, attempts }) => [taskId, attempts])).toEqual([
      ['2', 1],
      ['1', 1],
    ])
  })

  it('costs one publish and nothing else', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit({ service: 'trader', taskId: 0 })
    const connection = await broker.connect('counter')
    const requests: string[] = []
    const spy = connection.nc.subscribe('$JS.API.>', { callback: (_error, { subject }) => void requests.push(subject) })
    const events: string[] = []
    const tasks = connection.nc.subscribe('task.>', { callback: (_error, { subject }) => void events.push(subject) })
    await connection.nc.flush()
    for (let id = 1; id <= 10; id += 1) await submitter.submit({ service: 'trader', taskId: id })
    await connection.nc.flush()
    spy.unsubscribe()
    tasks.unsubscribe()
    expect(events).toHaveLength(10)
    // The room is asked by a timer, the two followers fetch: nothing of that grows with the submits.
    const asked = requests.filter(
      (subject) => !subject.includes('STREAM.INFO') && !subject.includes('CONSUMER.MSG.NEXT'),
    )
    expect(asked).toEqual([])
    expect(requests.length).toBeLessThan(8)
  })

  it('answers a repeated request as it answered the first', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const other = await submitter.submit({ service: 'auth', taskId: '1' })
    const first = await submitter.submit({ ...TASK }, 'key-1')
    await submitter.submit({ service: 'trader', taskId: '2' })
    await submitter.attempt(first.attempt, first.sequence)
    const again = await submitter.submit({ ...TASK }, 'key-1')
    expect(again).toEqual({ ...first, repeated: true })
    expect(other.branch).not.toBe(first.branch)
  })

  it('refuses a key that belongs to another request, and keeps the keys of doors apart', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const { attempt, sequence } = await submitter.submit(TASK, 'key-1')
    await submitter.attempt(attempt, sequence)
    const changed = { ...FIRST, ...TASK, model: 'opus' }
    const problem = await submitter.refused('/v1/tasks', post(changed, { [IDEMPOTENCY_HEADER]: 'key-1' }))
    expect(problem).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_REUSED', attempt })
    const throughCli = await submitter.send(
      '/v1/tasks',
      post(changed, { [IDEMPOTENCY_HEADER]: 'key-1', 'x-orchestrator-door': 'cli' }),
    )
    expect(throughCli.status).toBe(202)
  })

  it('gives two tasks of one repository different branches, by service and by tag', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const first = await submitter.submit({ service: 'trader', taskId: '1' })
    const auth = await submitter.submit({
      service: 'auth',
      taskId: '1',
      repositoryUrl: 'https://github.com/Example/Trader',
    })
    const tagged = await submitter.submit({ service: 'trader', tag: 'v2', taskId: '1' })
    const elsewhere = await submitter.submit({
      service: 'billing',
      taskId: '1',
      repositoryUrl: 'https://github.com/example/billing',
    })
    expect(first.branch).toBe('feature/task-1-implementation')
    expect(auth.branch).toBe(longTaskBranch(auth.task))
    expect(auth.warnings).toEqual([expect.stringContaining('belongs to task trader/master/1')])
    expect(tagged.branch).toBe(longTaskBranch(tagged.task))
    expect(elsewhere.branch).toBe('feature/task-1-implementation')
    expect(new Set([first.attempt, auth.attempt, tagged.attempt]).size).toBe(3)
  })

  it('gives one branch to one of many tasks that ask for it at once', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const answers = await Promise.all(
      FIFTY.map((index) => submitter.submit({ service: `service-${index}`, taskId: '1' })),
    )
    expect(new Set(answers.map(({ branch }) => branch)).size).toBe(50)
    expect(answers.filter(({ branch }) => branch === 'feature/task-1-implementation')).toHaveLength(1)
  })

  it('gives attempts whose plain names would be one name two names', async () => {
    await using broker = await startTestBroker()
    const agent = { adapter: 'command', command: ['true'] }
    const settings = sampleSettings({ agents: { b: agent, 'a-b': agent, 'claude-x': agent, 'b-claude-x': agent } })
    await using submitter = await startSubmitter({ brokerUrl: broker.url, settings })
    await submitter.ready()
    const names = await Promise.all([
      submitter.submit({ service: 'a', agent: 'b-claude-x', taskId: '1' }),
      submitter.submit({ service: 'a-b', agent: 'claude-x', taskId: '1' }),
      submitter.submit({ service: 'a', agent: 'a-b', taskId: '2' }),
      submitter.submit({ service: 'a-a', agent: 'b', taskId: '2' }),
      submitter.submit({ service: 'a', agent: 'b', taskId: '1.2' }),
      submitter.submit({ service: 'a', agent: 'b', taskId: '1', tag: 'dev' }),
      submitter.submit({ service: 's'.repeat(40), agent: 'b', taskId: '1234.56789' }),
      submitter.submit({ service: `${'s'.repeat(39)}t`, agent: 'b', taskId: '1234.56789' }),
    ])
    expect(new Set(names.map(({ attempt }) => attempt)).size).toBe(names.length)
  })

  it('stores what was asked word for word', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const guidance = 'say "it\'s" `$(reboot)` ${HOME}\r\n{{#each x}}{{{y}}}\u001B[31mred\u202E\n\\ 😀 <b>&amp;'
    const { sequence } = await submitter.submit({ ...TASK, guidance })
    const ledger = await createLedger(await broker.connect('reader'))
    const { events } = await ledger.read(taskSubject(TASK), AbortSignal.timeout(5000))
    const [stored] = events
    expect(stored?.seq).toBe(sequence)
    const event = readEvent(JSON.stringify(stored?.event))
    expect(event).toMatchObject({ event: { data: { attempt: { prompt: { guidance } } } } })
    expect((await submitter.attempt('trader-claude-agent-1-task1-attempt1', sequence)).guidance).toBe(guidance)
  })
})

describe('retrying', () => {
  it('answers the latest attempt, keeps its branch and inherits what is not said', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const first = await submitter.submit({ ...TASK, workingDirectory: 'engine', model: 'opus', limits: { usd: 3 } })
    const second = await submitter.retry('trader/1/retry', { guidance: 'again' })
    expect(second).toMatchObject({
      n: 2,
      previous: first.attempt,
      branch: first.branch,
      branchIsNew: false,
      workspaceIsNew: false,
    })
    expect(second).toMatchObject({
      model: 'opus',
      workingDirectory: 'engine',
      workingDirectoryKind: 'custom',
      limits: { usd: 3 },
    })
    expect(second.warnings).toEqual([expect.stringContaining('has not ended (Submitted)')])
    expect(second.sources).toMatchObject({ model: 'previous', workingDirectory: 'previous' })
  })

  it('refuses to answer an attempt that is not the latest, and names the latest', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const first = await submitter.submit(TASK)
    const second = await submitter.retry('trader/1/retry', { guidance: 'again', previous: first.attempt })
    const problem = await submitter.refused('/v1/tasks/trader/1/retry', post({ guidance: 'again', previous: 1 }))
    expect(problem).toMatchObject({ status: 409, code: 'PREVIOUS_NOT_LATEST', latest: { n: 2, name: second.attempt } })
    expect((await submitter.retry('trader/1/retry', { guidance: 'again', previous: 2 })).n).toBe(3)
  })

  it('lets one of many answers to the same attempt through', async () => {
    await using broker = await startTestBroker()
    await using one = await startSubmitter({ brokerUrl: broker.url })
    await using two = await startSubmitter({ brokerUrl: broker.url })
    await Promise.all([one.ready(), two.ready()])
    await one.submit(TASK)
    const statuses = await Promise.all(
      FIFTY.map(async (index) => {
        const replica = index % 2 === 0 ? one : two
        return (await replica.send('/v1/tasks/trader/1/retry', post({ guidance: `g${index}`, previous: 1 }))).status
      }),
    )
    expect(statuses.filter((status) => status === 202)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(49)
  })

  it('inherits from the very attempt that goes before it, whoever submits at the same time', async () => {
    await using broker = await startTestBroker()
    await using one = await startSubmitter({ brokerUrl: broker.url })
    await using two = await startSubmitter({ brokerUrl: broker.url })
    await Promise.all([one.ready(), two.ready()])
    await one.submit({ ...TASK, model: 'model-0', workingDirectory: 'dir-0' })
    await Promise.all(
      FIFTY.map(async (index) => {
        const replica = index % 2 === 0 ? one : two
        // Each says one of the two itself and leaves the other to the attempt before.
        const own = index % 3 === 0 ? { model: `model-${index}` } : { workingDirectory: `dir-${index}` }
        await replica.retry('trader/1/retry', { guidance: `g${index}`, ...own })
      }),
    )
    const ledger = await createLedger(await broker.connect('reader'))
    const { events } = await ledger.read(taskSubject(TASK), AbortSignal.timeout(5000))
    const attempts = events.flatMap(({ event }) => (event.type === 'task.submitted' ? [event.data] : []))
    expect(attempts).toHaveLength(51)
    for (const [i, { attempt, sources, previous }] of attempts.entries()) {
      const before = attempts[i - 1]?.attempt
      expect(previous).toEqual(before === undefined ? undefined : { n: before.n, name: before.name })
      if (sources['model'] === 'previous') expect(attempt.model).toBe(before?.model)
      if (sources['workingDirectory'] === 'previous') expect(attempt.workingDirectory).toBe(before?.workingDirectory)
    }
    expect(attempts.filter(({ sources }) => sources['model'] === 'previous').length).toBeGreaterThan(20)
  })

  it('says what to do where there is nothing to retry', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const problem = await submitter.refused('/v1/tasks/trader/1/retry?tag=v2', post({ guidance: 'again' }))
    expect(problem).toMatchObject({
      status: 404,
      detail: 'task trader/v2/1 has no attempt to answer: submit it first (POST /v1/tasks)',
    })
    const answered = await submitter.refused('/v1/tasks', post({ ...FIRST, ...TASK, previous: 1 }))
    expect(answered).toMatchObject({ status: 404 })
    const bare = await submitter.refused('/v1/tasks/trader/1/retry', post({}))
    expect(bare.errors).toMatchObject([{ field: 'guidance', message: 'is required' }])
  })

  it('takes the long branch after the claim of the short one was lost, and warns after a success', async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await submitter.submit(TASK)
    const ledger = await createLedger(await broker.connect('launcher'))
    const signal = AbortSignal.timeout(5000)
    const finish = async (n: number, verdict: object): Promise<number> => {
      const event = finishedEvent({ ...TASK, n })
      Object.assign(event.data, verdict)
      const subject = `attempt.trader.master.1.${n}`
      const published = await ledger.publish({
        subject,
        eventId: event.id,
        decide: ({ lastSeq }) => ({ kind: 'publish', event, expectedSeq: lastSeq }),
        signal,
      })
      return published.kind === 'stored' ? published.stored.seq : 0
    }
    const lost = await finish(1, { phase: 'Failed', reason: 'WorkspaceConflict' })
    await submitter.attempts(`after=${lost}`)
    const second = await submitter.retry('trader/1/retry', { guidance: 'again' })
    expect(second).toMatchObject({ branch: longTaskBranch(TASK), branchIsNew: true })
    const done = await finish(2, { phase: 'Succeeded', reason: 'GatesPassed' })
    await submitter.attempts(`after=${done}`)
    const third = await submitter.retry('trader/1/retry', { guidance: 'more' })
    expect(third.branch).toBe(longTaskBranch(TASK))
    expect(third.warnings).toEqual([expect.stringContaining('succeeded: this attempt continues on top of its work')])
  })
})
