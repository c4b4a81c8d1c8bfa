import { attemptView, type FakeAnswer, finishedView, problem, startFakeServer } from '@orchestrator/client/testing'
import type { Phase } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { run } from '../../testing/run.ts'

const NAME = 'trader-claude-agent-1-task1-attempt1'
const page = (...attempts: unknown[]): FakeAnswer => ({ json: { attempts, next: null } })

describe('task status', () => {
  it('shows a running attempt', async () => {
    await using server = await startFakeServer(() => ({ json: attemptView() }))
    const { code, out } = await run(['task', 'status', NAME, '--server', server.url])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "trader-claude-agent-1-task1-attempt1  Running
        Task          1 (trader), attempt 1
        Step          implementing
        Last actions  Edit src/client.rs
                      Bash cargo test
        Since         30m 00s
        Submitted     2026-11-24T10:00:00.000Z by local (cli)
        Agent         claude-agent-1, model sonnet
        Used          12 tool calls, 3 turns, 23k tokens, $0.42
        Branch        feature/task-1-implementation of git@github.com:myorg/trader.git
        Last words    Now the tests.
                      They should pass.

      Follow it with: orchestrator task wait trader-claude-agent-1-task1-attempt1
      "
    `)
  })

  it('shows what a failed attempt proved, and how to go on', async () => {
    const { result } = finishedView()
    const failed = finishedView({
      phase: 'Failed',
      reason: 'GateFailed',
      message: 'Gate "test" exited 1.',
      verified: false,
      result: result && {
        ...result,
        brief: 'test result: FAILED\n  client::tests\u001b[0m',
        gates: [{ name: 'test', passed: false, exitCode: 1, durationMs: 5 }],
        flags: [{ kind: 'TestsDisabled', detail: 'a.rs' }],
      },
    })
    await using server = await startFakeServer(() => ({ json: failed }))
    const { code, out } = await run(['task', 'status', NAME, '--server', server.url])
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "trader-claude-agent-1-task1-attempt1  Failed
        Task        1 (trader), attempt 1
        Why         GateFailed: Gate "test" exited 1.
        Took        15m 00s
        Submitted   2026-11-24T10:00:00.000Z by local (cli)
        Agent       claude-agent-1, model sonnet
        Used        12 tool calls, 3 turns, 23k tokens, $0.42
        Branch      feature/task-1-implementation of git@github.com:myorg/trader.git
        Last words  Now the tests.
                    They should pass.
        Verified    no
        Work        2 commits, 3 files (+40 -5), pushed as aaaaaaaaaaaa
        Gates       test FAILED
        Flags       TestsDisabled: a.rs

        test result: FAILED
          client::tests\\x1b[0m

      Its log:     orchestrator task logs trader-claude-agent-1-task1-attempt1
      Try again:   orchestrator task retry trader 1 --guidance "what to do differently"
      "
    `)
  })

  it.each([
    [['trader'], '/v1/attempts?service=trader&limit=1'],
    [['trader', '7.2'], '/v1/attempts?service=trader&taskId=7.2&tag=master&limit=1'],
    [['trader', '1', '--tag', 'auth'], '/v1/attempts?service=trader&taskId=1&tag=auth&limit=1'],
    [[NAME], `/v1/attempts/${NAME}`],
    [['a-claude-b-task1-2-attempt12-k3j2a'], '/v1/attempts/a-claude-b-task1-2-attempt12-k3j2a'],
  ])('finds %j', async (args, path) => {
    await using server = await startFakeServer(({ path: asked }) =>
      asked.includes('?') ? page(attemptView()) : { json: attemptView() },
    )
    expect((await run(['task', 'status', ...args, '--server', server.url])).code).toBe(0)
    expect(server.requests.map((request) => request.path)).toEqual([path])
  })

  it('says what is not there', async () => {
    await using server = await startFakeServer(() => page())
    const { code, error } = await run(['task', 'status', 'trader', '9', '--server', server.url])
    expect({ code, error }).toEqual({
      code: 8,
      error: 'error: task "9" of "trader" has no attempt with the tag "master"\n',
    })
  })
})

describe('task list', () => {
  it('shows the latest attempt of each task, with its filters', async () => {
    const tasks = [
      {
        service: 'trader',
        tag: 'master',
        taskId: '2',
        attempts: 1,
        latest: attemptView({ taskId: '2', name: 'trader-claude-agent-1-task2-attempt1' }),
      },
      {
        service: 'trader',
        tag: 'master',
        taskId: '1',
        attempts: 3,
        latest: finishedView({ n: 3, phase: 'Failed', reason: 'GateFailed' }),
      },
    ]
    await using server = await startFakeServer(() => ({ json: { tasks, next: 'cursor-2' } }))
    const { out } = await run([
      'task',
      'list',
      '--server',
      server.url,
      '--service',
      'trader',
      '--phase',
      'Failed',
      '--limit',
      '2',
    ])
    expect(server.requests[0]?.path).toBe('/v1/tasks?service=trader&phase=Failed&limit=2')
    expect(out).toMatchInlineSnapshot(`
      "SERVICE  TASK  TAG     ATTEMPT  PHASE                TIME     COST   AGENT           NAME
      trader   2     master  1        Running              30m 00s  $0.42  claude-agent-1  trader-claude-agent-1-task2-attempt1
      trader   1     master  3        Failed (GateFailed)  15m 00s  $0.42  claude-agent-1  trader-claude-agent-1-task1-attempt1
      More with: --cursor cursor-2
      "
    `)
  })

  it.each([
    [['--since', '24h'], 'since=2026-11-23T10%3A30%3A30.000Z'],
    [
      ['--since', '2026-03-02T09:00:00+01:00', '--until', '7d'],
      'since=2026-03-02T09%3A00%3A00%2B01%3A00&until=2026-11-17T10%3A30%3A30.000Z',
    ],
  ])('shows with %j what was submitted then', async (flags, query) => {
    await using server = await startFakeServer(() => ({ json: { tasks: [], next: null } }))
    await run(['task', 'list', '--server', server.url, ...flags])
    expect(server.requests[0]?.path).toBe(`/v1/tasks?${query}&limit=20`)
  })

  it('refuses a time that is none, and names the flag where the server does', async () => {
    await using server = await startFakeServer(() =>
      problem(400, 'x', { errors: [{ field: 'since', value: '2026-99', message: 'must be a time' }] }),
    )
    const list = async (when: string): ReturnType<typeof run> =>
      await run(['task', 'list', '--server', server.url, '--since', when])
    expect(await list('yesterday')).toMatchObject({
      code: 2,
      error: expect.stringContaining('use for example 24h, 7d'),
    })
    expect(await list('2026-99')).toMatchObject({ code: 2, error: expect.stringContaining('(--since) "2026-99"') })
  })

  it('says how to begin when there is nothing', async () => {
    await using server = await startFakeServer(() => ({ json: { tasks: [], next: null } }))
    expect((await run(['task', 'list', '--server', server.url])).out).toContain('orchestrator task submit')
  })
})

describe('task wait', () => {
  const waits = (...answers: FakeAnswer[]): Promise<Awaited<ReturnType<typeof startFakeServer>>> => {
    let left = answers
    return startFakeServer(({ path }) => {
      if (path.includes('?')) return page(attemptView())
      const [answer, ...rest] = left
      if (rest.length > 0) left = rest
      return answer ?? {}
    })
  }

  it.each([
    ['Succeeded', 0],
    ['Failed', 1],
    ['Stopped', 4],
    ['TimedOut', 5],
    ['Unknown', 6],
  ] satisfies [Phase, number][])('ends with the code of %s', async (phase, code) => {
    await using server = await waits({ json: finishedView({ phase }) })
    expect((await run(['task', 'wait', 'trader', '--server', server.url])).code).toBe(code)
  })

  it('prints a line for each piece of news where there is no terminal', async () => {
    await using server = await waits(
      {
        json: attemptView({
          phase: 'Queued',
          startedAt: null,
          step: null,
          usage: null,
          lastText: null,
          lastActions: [],
          ahead: 2,
          reason: 'WaitingForWorkspace',
        }),
      },
      { json: attemptView() },
      { json: attemptView({ usage: { toolCalls: 99, inputTokens: 1, outputTokens: 1, costUsd: 1, turns: 1 } }) },
      { json: attemptView({ step: 'gates', lastText: 'Done.\u001b[2J' }) },
      { json: finishedView() },
    )
    const { out } = await run(['task', 'wait', 'trader', '--server', server.url])
    expect(out).toMatchInlineSnapshot(`
      "Queued, behind 2 attempts, WaitingForWorkspace, 30m 30s
      Running, implementing, 30m 00s, 12 tool calls, 3 turns, 23k tokens, $0.42: Now the tests. They should pass.
      Running, gates, 30m 00s, 12 tool calls, 3 turns, 23k tokens, $0.42: Done.\\x1b[2J
      trader-claude-agent-1-task1-attempt1  Succeeded
        Why       GatesPassed: All gates passed.
        Took      15m 00s
        Used      12 tool calls, 3 turns, 23k tokens, $0.42
        Branch    feature/task-1-implementation
        Verified  yes, by gates
        Work      2 commits, 3 files (+40 -5), pushed as aaaaaaaaaaaa
        Gates     test passed

      Its log: orchestrator task logs trader-claude-agent-1-task1-attempt1
      "
    `)
  })

  it('updates one block on a terminal, cut to its width, and leaves the end there', async () => {
    await using server = await waits({ json: attemptView({ lastText: 'x'.repeat(500) }) }, { json: finishedView() })
    const { out } = await run(['task', 'wait', 'trader', '--server', server.url], {
      terminal: true,
      columns: 60,
      environment: { TERM: 'xterm' },
    })
    const [block, end] = out.split('\u001B[0J')
    expect(block?.split('\n').length).toBe(3)
    expect(out).toContain('…')
    expect(out).toContain('\u001B[32mSucceeded')
    expect(end).not.toContain('x'.repeat(60))
  })

  it('uses no colour where NO_COLOR is set', async () => {
    await using server = await waits({ json: finishedView() })
    const { out } = await run(['task', 'wait', 'trader', '--server', server.url], {
      terminal: true,
      environment: { NO_COLOR: '1', TERM: 'xterm' },
    })
    expect(out).not.toContain('\u001B[32m')
  })

  it('gives programs one line of JSON for each piece of news', async () => {
    await using server = await waits({ json: attemptView() }, { json: attemptView() }, { json: finishedView() })
    const { out } = await run(['task', 'wait', 'trader', '--server', server.url, '-o', 'json'])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).phase),
    ).toEqual(['Running', 'Succeeded'])
  })

  it('gives up after its own time with a code of its own, and says that the attempt goes on', async () => {
    await using server = await waits({ json: attemptView() })
    const { code, error } = await run(['task', 'wait', 'trader', '--server', server.url, '--timeout', '50ms'])
    expect(code).toBe(7)
    expect(error).toContain(`${NAME} goes on`)
  })

  it('leaves the attempt alone when it is interrupted, and says so', async () => {
    await using server = await waits({ json: attemptView() })
    const interrupt = new AbortController()
    const running = run(['task', 'wait', 'trader', '--server', server.url], { signal: interrupt.signal })
    await expect.poll(() => server.requests.length).toBeGreaterThan(1)
    interrupt.abort(new DOMException('interrupted', 'AbortError'))
    const { code, error } = await running
    expect(code).toBe(130)
    expect(error).toBe(`No longer watching; ${NAME} goes on. Watch again with: orchestrator task wait ${NAME}\n`)
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('ends with an attempt that has ended in a way that only a newer server knows', async () => {
    const phase = 'Dissolved\u001B[2J' as Phase
    await using server = await waits({ json: finishedView({ phase, name: 'evil\u001B[2J' }) })
    const { code, out } = await run(['task', 'wait', 'trader', '--server', server.url])
    expect(code).toBe(6)
    expect(out).toContain(String.raw`evil\x1b[2J  Dissolved\x1b[2J`)
    expect(out).not.toContain('\u001B')
  })

  it('bears a server that is away for a while', async () => {
    await using server = await waits(
      { json: attemptView() },
      { json: attemptView() },
      problem(503, 'not ready'),
      problem(503, 'not ready'),
      { json: finishedView() },
    )
    const { code, error } = await run(['task', 'wait', 'trader', '--server', server.url])
    expect(code).toBe(0)
    expect(error).toBe('The server does not answer; trying again for a while.\n')
  })

  it('refuses a duration that is none', async () => {
    const { code, error } = await run(['task', 'wait', 'trader', '--server', 'http://127.0.0.1:1', '--timeout', 'soon'])
    expect(code).toBe(2)
    expect(error).toContain('use for example 90s, 15m or 2h')
  })
})

describe('task stop', () => {
  const answer = {
    attempt: NAME,
    phase: 'Running',
    accepted: true,
    message: 'Stopping: its work is committed and pushed.',
    sequence: 9,
  }

  it('says what is kept and how to go on', async () => {
    await using server = await startFakeServer(({ method }) =>
      method === 'POST' ? { status: 202, json: answer } : page(attemptView()),
    )
    const { code, out } = await run([
      'task',
      'stop',
      'trader',
      '--server',
      server.url,
      '--yes',
      '--note',
      'new architecture',
    ])
    expect(code).toBe(0)
    expect(server.requests[1]).toMatchObject({ path: `/v1/attempts/${NAME}/stop`, body: { note: 'new architecture' } })
    expect(out).toMatchInlineSnapshot(`
      "Stopping: its work is committed and pushed.
        Attempt    trader-claude-agent-1-task1-attempt1
        Branch     feature/task-1-implementation of git@github.com:myorg/trader.git
        Workspace  workspace-trader (kept)

      Follow it with: orchestrator task wait trader-claude-agent-1-task1-attempt1
      "
    `)
  })

  it('asks first on a terminal', async () => {
    await using server = await startFakeServer(({ method }) =>
      method === 'POST' ? { json: answer } : page(attemptView()),
    )
    const args = ['task', 'stop', 'trader', '--server', server.url]
    expect(await run(args, { terminal: true, stdin: 'n\n' })).toMatchObject({ code: 2, error: 'error: not stopped\n' })
    expect(server.requests.length).toBe(1)
    expect((await run(args, { terminal: true, stdin: 'y\n' })).code).toBe(0)
  })

  it('stops nothing unasked where nobody can be asked', async () => {
    await using server = await startFakeServer(() => page(attemptView()))
    const { code, error } = await run(['task', 'stop', 'trader', '--server', server.url])
    expect(code).toBe(2)
    expect(error).toContain('add --yes')
    expect(server.requests.length).toBe(1)
  })
})

describe('task logs', () => {
  const time = '2026-11-24T10:01:02.000Z'
  const lines: readonly unknown[] = [
    { seq: 1, time, kind: 'step', step: 'implementing' },
    { seq: 2, time, kind: 'note', level: 'warning', text: 'architecture.md is missing' },
    { seq: 3, time, kind: 'text', text: 'I use reqwest.\nThen tests.' },
    { seq: 4, time, kind: 'tool', tool: 'Bash', summary: 'cargo test', ok: false, durationMs: 65_000 },
    { seq: 5, time, kind: 'output', stream: 'stdout', text: 'evil \u001b[2J\r\u009b31m', cut: 12 },
    { seq: 6, time, kind: 'usage', usage: { toolCalls: 1, inputTokens: 1, outputTokens: 1, costUsd: 0.5, turns: 1 } },
    {
      seq: 7,
      time,
      kind: 'git',
      repository: 'target',
      operation: 'push',
      ok: false,
      durationMs: 5,
      problem: 'rejected',
    },
    { seq: 8, time, kind: 'test', command: 'cargo test', exitCode: 101 },
    { seq: 9, time, kind: 'gate', name: 'test', passed: true, exitCode: 0, timedOut: false, durationMs: 2_000 },
    { seq: 10, time, kind: 'flag', flag: 'OutOfScope', detail: 'README.md' },
    { kind: 'gap', first: 11, last: 14 },
    { seq: 15, time, kind: 'from-the-future', text: 'new\u009b' },
    {
      seq: 16,
      time,
      kind: 'summary',
      submittedId: 'x',
      outcome: 'Failed',
      reason: 'GateFailed',
      message: 'no',
      pushedSha: null,
      digest: 'd',
    },
    { kind: 'end', lines: 12, gaps: 4 },
  ]
  const ndjson = (part: readonly unknown[]): string => part.map((line) => `${JSON.stringify(line)}\n`).join('')

  it('reads like a story, and nothing in it reaches the terminal unseen', async () => {
    await using server = await startFakeServer(({ path }) =>
      path.includes('/logs') ? { text: ndjson(lines) } : { json: finishedView() },
    )
    const { code, out } = await run(['task', 'logs', NAME, '--server', server.url, '--from-line', '3'])
    expect(code).toBe(0)
    expect(server.requests[1]?.path).toBe(`/v1/attempts/${NAME}/logs?fromLine=3`)
    expect(out).toMatchInlineSnapshot(`
      "10:01:02 == implementing
      10:01:02 warning: architecture.md is missing
      10:01:02 > I use reqwest.
               Then tests.
      10:01:02 $ Bash cargo test (failed) in 1m 05s
      10:01:02 evil \\x1b[2J\\x0d\\x9b31m [12 bytes cut]
      10:01:02 git push (target) failed: rejected
      10:01:02 test cargo test exited 101
      10:01:02 gate test passed in 2s
      10:01:02 flag OutOfScope: README.md
      -- lines 11 to 14 are missing --
      {"seq":15,"time":"2026-11-24T10:01:02.000Z","kind":"from-the-future","text":"new\\u009b"}
      10:01:02 Failed: GateFailed: no
      -- end of the log: 12 lines, 4 gaps --
      "
    `)
  })

  it.each([['--raw'], ['-o', 'json']])('gives the lines as they were written with %s', async (...flags) => {
    await using server = await startFakeServer(({ path }) =>
      path.includes('/logs') ? { text: ndjson(lines) } : { json: finishedView() },
    )
    const { out } = await run(['task', 'logs', NAME, '--server', server.url, ...flags])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(lines)
    expect(out).not.toContain('\u009B')
  })

  it('goes on where a connection broke', async () => {
    let streams = 0
    await using server = await startFakeServer(({ path }) => {
      if (!path.includes('/logs')) return { json: attemptView() }
      streams += 1
      return streams === 1 ? { text: ndjson(lines.slice(0, 3)), breaks: true } : { text: ndjson(lines.slice(3)) }
    })
    const { code, out, error } = await run(['task', 'logs', NAME, '-f', '--raw', '--server', server.url])
    expect({ code, error }).toEqual({ code: 0, error: 'The server does not answer; trying again for a while.\n' })
    expect(out.trim().split('\n').length).toBe(lines.length)
    const asked = server.requests.filter(({ path }) => path.includes('/logs'))
    expect(asked.map(({ path, headers }) => [path, headers['last-event-id']])).toEqual([
      [`/v1/attempts/${NAME}/logs?fromLine=1&follow=true`, undefined],
      [`/v1/attempts/${NAME}/logs?fromLine=1&follow=true`, '3'],
    ])
  })

  it('keeps a status line below the log on a terminal', async () => {
    await using server = await startFakeServer(({ path }) =>
      path.includes('/logs') ? { text: ndjson(lines) } : { json: attemptView() },
    )
    const { out } = await run(['task', 'logs', NAME, '-f', '--server', server.url], {
      terminal: true,
      environment: { TERM: 'xterm', NO_COLOR: '1' },
    })
    expect(out).toContain('implementing · 29m 28s · 1 tool call, 1 turn, 2 tokens, $0.50')
    expect(out.endsWith('\u001B[0J')).toBe(true)
  })
})
