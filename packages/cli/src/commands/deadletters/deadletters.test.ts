import { type FakeAnswer, problem, type Respond, startFakeServer } from '@orchestrator/client/testing'
import type { DeadLetterDetail, DeadLetterView, ReplayAnswer } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { run } from '../../testing/run.ts'

const HOSTILE = 'answered \u001b[2J404\u202E\nand more'

function letterView(change: Partial<DeadLetterView> = {}): DeadLetterView {
  return {
    sequence: 7,
    at: '2026-11-24T10:00:00.000Z',
    durable: 'notifier',
    stream: 'TASKS',
    messageSequence: 41,
    subject: 'attempt.trader.master.1.1',
    reason: 'rejected',
    tries: 1,
    text: 'the channel answered 404',
    channel: 'team',
    state: 'open',
    replayedAt: null,
    endedAt: null,
    endText: null,
    failedAs: null,
    ...change,
  }
}

function detail(change: Partial<DeadLetterDetail> = {}): DeadLetterDetail {
  return {
    ...letterView(change),
    message: {
      at: '2026-11-24T09:59:59.000Z',
      bytes: 20_000,
      type: 'attempt.finished',
      id: 'id-1',
      text: '{"type":"attempt.finished"}',
      cut: true,
    },
    attempt: { name: 'trader-claude-agent-1-task1-attempt1', phase: 'Succeeded' },
    next: ['Mend what receives the channel "team".', 'Replay it: POST /v1/deadletters/7/replay'],
    ...change,
  }
}

function answer(sequence: number, accepted = true): ReplayAnswer {
  const message = accepted
    ? `Asked notifier to handle letter ${sequence} again.`
    : `Letter ${sequence} was asked before.`
  return {
    letter: letterView({ sequence, state: 'replaying' }),
    accepted,
    message,
    next: ['The event is sent as soon as the channel takes it.', `Follow it: GET /v1/deadletters/${sequence}`],
  }
}

const sequenceIn = (path: string): number => Number(/deadletters\/(\d+)/.exec(path)?.[1])
const NO_LETTER: FakeAnswer = problem(404, 'there is no dead letter 99', { code: 'NOT_FOUND' })

describe('deadletters list', () => {
  it('shows how each letter stands, and what to do next', async () => {
    const letters = [
      letterView({ sequence: 12, text: HOSTILE }),
      letterView({ sequence: 9, state: 'failed', failedAs: 12 }),
      letterView({ state: 'handled', durable: 'launcher', channel: null, reason: 'terminal' }),
    ]
    await using server = await startFakeServer(() => ({ json: { letters, next: 'abc' } }))
    const { code, out } = await run(['deadletters', 'list', '--server', server.url])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "LETTER  STATE         AGE      DURABLE        REASON    SUBJECT                    TEXT
      12      open          30m 30s  notifier/team  rejected  attempt.trader.master.1.1  answered \\x1b[2J404\\x202e\\nand more
      9       failed as 12  30m 30s  notifier/team  rejected  attempt.trader.master.1.1  the channel answered 404
      7       handled       30m 30s  launcher       terminal  attempt.trader.master.1.1  the channel answered 404

      More with: --cursor abc
      What to do: orchestrator deadletters show 12
      "
    `)
    expect(server.requests[0]?.path).toBe('/v1/deadletters?limit=20')
  })

  it('passes filters on, and says where there is nothing', async () => {
    await using server = await startFakeServer(() => ({ json: { letters: [], next: null } }))
    const args = ['--durable', 'notifier', '--state', 'open', '--limit', '5', '--cursor', 'x', '--server', server.url]
    expect((await run(['deadletters', 'list', ...args])).out).toBe('No dead letters.\n')
    expect(server.requests[0]?.path).toBe('/v1/deadletters?durable=notifier&state=open&limit=5&cursor=x')
    expect((await run(['deadletters', 'list', '--state', 'lost', '--server', server.url])).code).toBe(2)
  })

  it('hands programs the page as it is, without anything that a terminal obeys', async () => {
    const page = { letters: [letterView({ text: HOSTILE })], next: null }
    await using server = await startFakeServer(() => ({ json: page }))
    const { out } = await run(['deadletters', 'list', '-o', 'json', '--server', server.url])
    expect(JSON.parse(out)).toEqual(page)
    for (const obeyed of ['\u001b', '\u202e']) expect(out).not.toContain(obeyed)
  })
})

describe('deadletters show', () => {
  it('shows the letter, its message, and what to do', async () => {
    await using server = await startFakeServer(() => ({ json: detail({ text: HOSTILE }) }))
    const { code, out } = await run(['deadletters', 'show', '7', '--server', server.url])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "Letter 7  open
        Given up by  notifier/team
        Why          rejected: answered \\x1b[2J404\\x202e\\nand more
        When         2026-11-24T10:00:00.000Z (30m 30s ago), after 1 try
        Message      TASKS 41, attempt.trader.master.1.1 (attempt.finished)
        Stored       2026-11-24T09:59:59.000Z
        Attempt      trader-claude-agent-1-task1-attempt1 (Succeeded)

        {"type":"attempt.finished"}
        [the rest of 20000 bytes is left out]

      Mend what receives the channel "team".
      Replay it with: orchestrator deadletters replay 7
      "
    `)
    expect(server.requests[0]?.path).toBe('/v1/deadletters/7')
  })

  it('shows what came of a replay', async () => {
    const failed = detail({
      state: 'failed',
      replayedAt: '2026-11-24T10:10:00.000Z',
      endedAt: '2026-11-24T10:10:01.000Z',
      failedAs: 12,
      message: null,
      attempt: null,
      next: ['It was given up again: look at letter 12: GET /v1/deadletters/12'],
    })
    await using server = await startFakeServer(() => ({ json: failed }))
    const { out } = await run(['deadletters', 'show', '7', '--server', server.url])
    expect(out).toMatchInlineSnapshot(`
      "Letter 7  failed
        Given up by  notifier/team
        Why          rejected: the channel answered 404
        When         2026-11-24T10:00:00.000Z (30m 30s ago), after 1 try
        Replayed     2026-11-24T10:10:00.000Z
        Ended        2026-11-24T10:10:01.000Z
        Failed as    letter 12
        Message      TASKS 41, attempt.trader.master.1.1 (no longer stored)

      It was given up again: look at letter 12
      Look at it with: orchestrator deadletters show 12
      "
    `)
  })

  it('ends with 8 where there is no such letter', async () => {
    await using server = await startFakeServer(() => NO_LETTER)
    const { code, error } = await run(['deadletters', 'show', '99', '--server', server.url])
    expect({ code, error }).toEqual({ code: 8, error: 'error: there is no dead letter 99\n' })
  })
})

describe('deadletters replay', () => {
  it('asks for one, and says what happens next', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: answer(7) }))
    const { code, out } = await run(['deadletters', 'replay', '7', '--server', server.url])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "7: Asked notifier to handle letter 7 again.

      1 replay asked for.
      The event is sent as soon as the channel takes it.
      See what came of it with: orchestrator deadletters show 7
      "
    `)
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/deadletters/7/replay'])
  })

  it('goes on after one that is refused, sums up, and ends as that one alone would', async () => {
    await using server = await startFakeServer(({ path }) => {
      const sequence = sequenceIn(path)
      return sequence === 99 ? NO_LETTER : { json: answer(sequence, sequence !== 9) }
    })
    const args = ['deadletters', 'replay', '7', '99', '9', '7', '12', '--server', server.url]
    const { code, out } = await run(args)
    expect(code).toBe(8)
    expect(out).toMatchInlineSnapshot(`
      "7: Asked notifier to handle letter 7 again.
      99: error: there is no dead letter 99
      9: Letter 9 was asked before.
      12: Asked notifier to handle letter 12 again.

      2 replays asked for, 1 asked for before, 1 refused.
      See what came of it with: orchestrator deadletters list
      "
    `)
    const json = await run([...args, '-o', 'json'])
    expect(json.code).toBe(8)
    expect(JSON.parse(json.out)).toMatchObject({
      replays: [
        { sequence: '7', accepted: true },
        { sequence: '99', error: { code: 'NOT_FOUND' } },
        { sequence: '9', accepted: false },
        { sequence: '12', accepted: true },
      ],
    })
  })

  it('takes every open letter of a durable, from all pages, the oldest first', async () => {
    const respond: Respond = ({ method, path }) => {
      if (method === 'POST') return { json: answer(sequenceIn(path)) }
      const older = path.includes('cursor=more')
      const letters = (older ? [3, 2] : [9, 7]).map((sequence) => letterView({ sequence }))
      return { json: { letters, next: older ? null : 'more' } }
    }
    await using server = await startFakeServer(respond)
    const args = ['deadletters', 'replay', '--all', '--durable', 'notifier', '--server', server.url]
    const { code, out } = await run(args)
    expect(code).toBe(0)
    expect(out).toContain('4 replays asked for.')
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v1/deadletters?durable=notifier&state=open&limit=200',
      '/v1/deadletters?durable=notifier&state=open&limit=200&cursor=more',
      ...[2, 3, 7, 9].map((sequence) => `/v1/deadletters/${sequence}/replay`),
    ])
  })

  it('says when there is nothing to replay', async () => {
    await using server = await startFakeServer(() => ({ json: { letters: [], next: null } }))
    const args = ['deadletters', 'replay', '--all', '--durable', 'notifier', '--server', server.url]
    expect(await run(args)).toMatchObject({ code: 0, out: 'No open dead letter of "notifier": nothing to replay.\n' })
  })

  it('stops at a server that cannot go on, and says how far it came', async () => {
    await using server = await startFakeServer((_request, n) =>
      n === 1 ? { json: answer(7) } : problem(503, 'the broker is away', { code: 'BROKER_UNAVAILABLE' }),
    )
    const { code, out } = await run(['deadletters', 'replay', '7', '8', '9', '--server', server.url])
    expect(code).toBe(3)
    expect(out).toContain('1 replay asked for, 1 refused.')
    expect(server.requests).toHaveLength(2)
  })

  it.each([
    [[], 'name the letters to replay, or use --all with --durable'],
    [['--all'], 'add --durable'],
    [['7', '--all', '--durable', 'notifier'], 'not both'],
    [['7', '--durable', 'notifier'], 'add --all'],
  ])('refuses %j and names the remedy', async (args, remedy) => {
    const { code, error } = await run(['deadletters', 'replay', ...args, '--server', 'http://127.0.0.1:9'])
    expect(code).toBe(2)
    expect(error).toContain(remedy)
  })

  it('has help with examples', async () => {
    for (const name of ['list', 'show', 'replay']) {
      const { code, out } = await run(['deadletters', name, '--help'])
      expect(code).toBe(0)
      expect(out).toContain(`Examples:\n  orchestrator deadletters ${name}`)
    }
  })
})
