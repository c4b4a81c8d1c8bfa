import { attemptSubject } from '@orchestrator/shared/contracts'
import { createDeadLetters, createLedger, type DeadLetters, type NewDeadLetter } from '@orchestrator/shared/nats'
import { finishedEvent, startTestBroker, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

const HOSTILE = 'no \u001b[2Jsuch\u202E\nvariable'
let broker: TestBroker
let submitter: SubmitterFixture
let letters: DeadLetters
/** Sequence of a submission in the ledger. */
let submission: number

beforeAll(async () => {
  broker = await startTestBroker()
  submitter = await startSubmitter({ brokerUrl: broker.url })
  await submitter.ready()
  letters = createDeadLetters(await broker.connect('test'))
  const guidance = `${HOSTILE} ${'x'.repeat(20_000)}`
  submission = (await submitter.submit({ service: 'trader', taskId: '1', guidance })).sequence
})

afterAll(async () => {
  await submitter[Symbol.asyncDispose]()
  await broker[Symbol.asyncDispose]()
})

const add = async (change: Partial<NewDeadLetter> = {}): Promise<number> =>
  await letters.add({
    durable: 'launcher',
    stream: 'TASKS',
    sequence: submission,
    subject: 'task.trader.master.1',
    reason: 'terminal',
    tries: 1,
    text: HOSTILE,
    ...change,
  })

describe('GET /v1/deadletters', () => {
  it('lists the newest first, by durable and state, in pages, and safe to print', async () => {
    const mine = [await add({ durable: 'paged' }), await add({ durable: 'paged' }), await add({ durable: 'paged' })]
    await letters.end({ durable: 'paged', letter: mine[1] ?? 0 }, { outcome: 'obsolete', text: HOSTILE })
    const first = await submitter.deadLetters('durable=paged&limit=2')
    const second = await submitter.deadLetters(`durable=paged&limit=2&cursor=${first.next}`)
    expect(second.next).toBeNull()
    const all = [...first.letters, ...second.letters]
    expect(all.map(({ sequence, state }) => [sequence, state])).toEqual([
      [mine[2], 'open'],
      [mine[1], 'obsolete'],
      [mine[0], 'open'],
    ])
    expect(all[1]).toMatchObject({
      text: 'no \\x1b[2Jsuch\\x202e\\nvariable',
      endText: 'no \\x1b[2Jsuch\\x202e\\nvariable',
      messageSequence: submission,
      channel: null,
    })
    const open = await submitter.deadLetters('durable=paged&state=open')
    expect(open.letters.map(({ sequence }) => sequence)).toEqual([mine[2], mine[0]])
    expect((await submitter.deadLetters('durable=nobody')).letters).toEqual([])
    expect((await submitter.deadLetters()).letters.length).toBeGreaterThanOrEqual(3)
  })

  it.each([
    ['durable=a.b', 'durable'],
    ['durable=*', 'durable'],
    ['state=lost', 'state'],
    ['limit=0', 'limit'],
    ['nonsense=1', 'nonsense'],
  ])('refuses %s naming the field', async (query, field) => {
    const problem = await submitter.refused(`/v1/deadletters?${query}`)
    expect(problem).toMatchObject({ status: 400, errors: [{ field }] })
  })

  it('refuses a cursor of somebody else', async () => {
    expect(await submitter.refused('/v1/deadletters?cursor=abc')).toMatchObject({ status: 400, code: 'CURSOR_INVALID' })
  })
})

describe('GET /v1/deadletters/{sequence}', () => {
  it('shows the message that it names, bounded and safe to print, and what to do', async () => {
    const sequence = await add()
    const detail = await submitter.deadLetter(sequence)
    expect(detail).toMatchObject({
      sequence,
      state: 'open',
      message: { type: 'task.submitted', cut: true },
      attempt: { name: 'trader-claude-agent-1-task1-attempt1', phase: 'Submitted' },
    })
    expect(Buffer.byteLength(detail.message?.text ?? '')).toBeLessThanOrEqual(8 * 1024)
    expect(detail.message?.bytes).toBeGreaterThan(20_000)
    expect(detail.message?.text).not.toContain('\u202E')
    expect(detail.next).toEqual([
      'Remove the cause that the text names: until then a replay fails in the same way.',
      `Replay it: POST /v1/deadletters/${sequence}/replay`,
    ])
  })

  it('says where a replay only closes the letter, and which channel is to be mended', async () => {
    const gone = await submitter.deadLetter(await add({ sequence: 9_999_999 }))
    expect(gone).toMatchObject({ message: null, attempt: null })
    expect(gone.next[0]).toContain('no longer stored')
    const refused = await submitter.deadLetter(await add({ durable: 'notifier', reason: 'rejected', channel: 'team' }))
    expect(refused.next[0]).toContain('Mend what receives the channel "team"')
    const unreadable = await submitter.deadLetter(await add({ durable: 'other', reason: 'unreadable' }))
    expect(unreadable.next[0]).toContain('with a release that can')
  })

  it('says that the attempt has ended', async () => {
    const ref = { service: 'trader', tag: 'master', taskId: '2', n: 1 }
    const { sequence, attempt } = await submitter.submit({ service: 'trader', taskId: '2' })
    const ledger = await createLedger(await broker.connect('launcher'))
    const event = finishedEvent(ref)
    const published = await ledger.publish({
      subject: attemptSubject(ref),
      eventId: event.id,
      decide: ({ lastSeq }) => ({ kind: 'publish', event, expectedSeq: lastSeq }),
      signal: new AbortController().signal,
    })
    await submitter.attempt(attempt, published.kind === 'stored' ? published.stored.seq : 0)
    const detail = await submitter.deadLetter(await add({ sequence }))
    expect(detail.attempt).toEqual({ name: attempt, phase: 'Succeeded' })
    expect(detail.next[0]).toContain('Its attempt has ended (Succeeded): a replay only closes the letter.')
  })

  it('refuses what is no letter, naming the remedy', async () => {
    const sequence = await add()
    await submitter.replay(sequence)
    for (const path of ['9999999', String(sequence + 1), '9999999/replay', `${sequence + 1}/replay`]) {
      const init = path.endsWith('replay') ? { method: 'POST' } : {}
      const problem = await submitter.refused(`/v1/deadletters/${path}`, init)
      expect(problem).toMatchObject({ status: 404, code: 'NOT_FOUND' })
      expect(problem.detail).toContain('GET /v1/deadletters lists those that are there')
    }
    for (const name of ['x', '0', '-1', '1e3', '1.5'])
      expect(await submitter.refused(`/v1/deadletters/${name}`)).toMatchObject({
        status: 400,
        errors: [{ field: 'sequence', value: name }],
      })
  })
})

describe('POST /v1/deadletters/{sequence}/replay', () => {
  it('asks once, says what happens next, and answers a second time with how it stands', async () => {
    const sequence = await add({ durable: 'notifier', channel: 'team', reason: 'rejected' })
    const path = `/v1/deadletters/${sequence}/replay`
    const first = await submitter.send(path, post({}))
    expect(first.status).toBe(202)
    expect(await first.json()).toMatchObject({
      accepted: true,
      letter: { sequence, state: 'replaying' },
      next: [expect.stringContaining('as soon as the channel "team" takes it'), expect.stringContaining('GET /v1/')],
    })
    const second = await submitter.send(path, { method: 'POST' })
    expect(second.status).toBe(200)
    expect(await second.json()).toMatchObject({
      accepted: false,
      message: `A replay of letter ${sequence} was asked for before: it is not done yet.`,
    })
    await letters.end({ durable: 'notifier', letter: sequence }, { outcome: 'failed', next: 77 })
    const third = await submitter.replay(sequence)
    expect(third).toMatchObject({ accepted: false, letter: { state: 'failed', failedAs: 77 } })
    expect(third.next).toEqual(['It was given up again: look at letter 77: GET /v1/deadletters/77'])
  })

  it('is accepted once, however many ask at the same time', async () => {
    const sequence = await add()
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await submitter.replay(sequence)))
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1)
  })

  it('is refused for now while the broker is away', async () => {
    await using away = await startTestBroker()
    await using other = await startSubmitter({ brokerUrl: away.url })
    await other.ready()
    await away.kill()
    await expect.poll(async () => (await other.send('/v1/deadletters/1/replay', { method: 'POST' })).status).toBe(503)
    expect(await other.refused('/v1/deadletters')).toMatchObject({ status: 503, code: 'BROKER_UNAVAILABLE' })
  })
})
