import { execFileSync } from 'node:child_process'
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { finishedView, problem, startFakeServer, submitAnswer } from '@orchestrator/client/testing'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../../testing/run.ts'

const HOSTILE = 'see \u001b[2Jhere\u202E\nline two'

describe('task submit', () => {
  it('tells a person everything that was decided, and how to follow it', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    const { code, out } = await run(['task', 'submit', 'trader', '1', '--server', server.url], {
      environment: { ORCHESTRATOR_COMMAND: './orchestrator' },
    })
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "Task 1 of trader submitted.

        Task               1 (trader)
        Agent              claude-agent-1
        Target repository  git@github.com:myorg/trader.git, branch main, user claude-agent-1
        Model              sonnet
        Working directory  trader/ (default)
        Attempt            trader-claude-agent-1-task1-attempt1
        Workspace          workspace-trader (new)
        Branch             feature/task-1-implementation (new)
        Documents from     https://github.com/myorg/platform, branch main, user myorg (the service's settings)
        Queue              nothing goes first (estimate)

      What happens next:
        1. Make workspace-trader.
        2. Read the documents.

      Follow it with: ./orchestrator task wait trader-claude-agent-1-task1-attempt1
      "
    `)
  })

  it('names the source of each default, keeps guidance verbatim, and says what is kept on a retry', async () => {
    const answer = submitAnswer({
      n: 2,
      attempt: 'trader-claude-agent-1-task1-attempt2',
      sources: { agent: 'previous', model: 'built-in', repositoryUrl: 'service', platformRepositoryUrl: 'defaults' },
      workingDirectory: 'trading-engine',
      workingDirectoryKind: 'custom',
      workspaceIsNew: false,
      branchIsNew: false,
      guidance: HOSTILE,
      previous: 'trader-claude-agent-1-task1-attempt1',
      ahead: 2,
      warnings: ['The one before has not ended.'],
    })
    await using server = await startFakeServer(() => ({ status: 202, json: answer }))
    const { out } = await run(['task', 'submit', 'trader', '1', '--server', server.url])
    expect(out).toMatchInlineSnapshot(`
      "Retry of task 1 of trader submitted.

        Task               1 (trader)
        Agent              claude-agent-1 (the previous attempt)
        Target repository  git@github.com:myorg/trader.git, branch main, user claude-agent-1 (the service's settings)
        Model              sonnet (default)
        Working directory  trading-engine/ (custom)
        Attempt            trader-claude-agent-1-task1-attempt2
        Workspace          workspace-trader (kept)
        Branch             feature/task-1-implementation (kept)
        Documents from     https://github.com/myorg/platform, branch main, user myorg (the settings' defaults)
        Guidance           see \\x1b[2Jhere\\x202e
                           line two
        Prompt mode        append
        Previous attempt   trader-claude-agent-1-task1-attempt1
        Queue              2 attempts go first (estimate)

      Warnings:
        The one before has not ended.

      What happens next:
        1. Make workspace-trader.
        2. Read the documents.

      Follow it with: orchestrator task wait trader-claude-agent-1-task1-attempt2
      "
    `)
  })

  it('sends every flag as a field, and nothing that was not given', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    await run(['task', 'submit', 'trader', '7.2', '--server', server.url])
    const flags =
      '--tag auth --idempotency-key key-1 --agent claude-agent-1 --model opus --repository-url git@github.com:o/t.git ' +
      '--branch dev --github-user ada --platform-repository-url https://github.com/o/p --platform-branch docs ' +
      '--platform-user bob -w engine --prompt-modification no-curl --prompt-mode replace ' +
      '--limit wallClockMinutes=30 --limit usd=none --previous 3'
    await run(['task', 'submit', 'trader', '1', '--server', server.url, ...flags.split(' ')])
    const [plain, full] = server.requests
    expect(plain).toMatchObject({
      method: 'POST',
      path: '/v1/tasks',
      body: { service: 'trader', taskId: '7.2', tag: 'master' },
    })
    expect(plain?.headers).toMatchObject({ 'x-orchestrator-door': 'cli' })
    expect(plain?.headers).not.toHaveProperty('idempotency-key')
    expect(Object.keys(plain?.body ?? {})).toEqual(['service', 'taskId', 'tag'])
    expect(full?.headers).toMatchObject({ 'idempotency-key': 'key-1' })
    expect(full?.body).toEqual({
      service: 'trader',
      taskId: '1',
      tag: 'auth',
      agent: 'claude-agent-1',
      model: 'opus',
      repositoryUrl: 'git@github.com:o/t.git',
      branch: 'dev',
      githubUser: 'ada',
      platformRepositoryUrl: 'https://github.com/o/p',
      platformBranch: 'docs',
      platformUser: 'bob',
      workingDirectory: 'engine',
      promptMode: 'replace',
      guidance: 'no-curl',
      limits: { wallClockMinutes: 30, usd: null },
      previous: 3,
    })
  })

  it('reads guidance from standard input as it is', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    await run(['task', 'submit', 'trader', '1', '--server', server.url, '--guidance-file', '-'], { stdin: HOSTILE })
    expect(server.requests[0]?.body).toMatchObject({ guidance: HOSTILE })
  })

  it('takes the platform repository from the checkout that a person stands in, and says so', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    await using directory = await temporaryDirectory()
    const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: directory.path })
    git('init', '--quiet', '--initial-branch', 'docs')
    git('remote', 'add', 'origin', 'https://ada:ghp_secret@github.com/myorg/platform.git')
    await mkdir(join(directory.path, '.taskmaster'))
    await mkdir(join(directory.path, 'deep/inside'), { recursive: true })
    const { out } = await run(['task', 'submit', 'trader', '1', '--server', server.url], {
      cwd: join(directory.path, 'deep/inside'),
    })
    expect(server.requests[0]?.body).toMatchObject({
      platformRepositoryUrl: 'https://github.com/myorg/platform.git',
      platformBranch: 'docs',
      platformUser: 'myorg',
    })
    expect(out).toContain(`(from this checkout: remote origin of ${await realpath(directory.path)})`)
  })

  it('takes nothing from a checkout without .taskmaster, and nothing where a repository is named', async () => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    await using directory = await temporaryDirectory()
    execFileSync('git', ['init', '--quiet'], { cwd: directory.path })
    execFileSync('git', ['remote', 'add', 'origin', 'https://github.com/o/p'], { cwd: directory.path })
    await run(['task', 'submit', 'trader', '1', '--server', server.url], { cwd: directory.path })
    await mkdir(join(directory.path, '.taskmaster'))
    const named = ['--platform-repository-url', 'https://github.com/o/other']
    await run(['task', 'submit', 'trader', '1', '--server', server.url, ...named], { cwd: directory.path })
    expect(server.requests[0]?.body).not.toHaveProperty('platformRepositoryUrl')
    expect(server.requests[1]?.body).toMatchObject({ platformRepositoryUrl: 'https://github.com/o/other' })
    expect(server.requests[1]?.body).not.toHaveProperty('platformBranch')
  })

  it('shows every fault with field, flag, value and remedy', async () => {
    const errors = [
      { field: 'service', value: 'Trader!', message: 'use lower-case letters, for example "trader"' },
      { field: 'repositoryUrl', value: 'x\u001b[31m', message: 'is not a repository URL: use https://host/path' },
      { field: 'limits.usd', value: -1, message: 'must be positive' },
      { field: 'agent', value: null, message: 'nothing names one: pass "agent"' },
    ]
    await using server = await startFakeServer(() => problem(400, 'the request has 4 faults', { errors }))
    const { code, out, error } = await run(['task', 'submit', 'Trader!', '1', '--server', server.url])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toMatchInlineSnapshot(`
      "error: Refused:
        service "Trader!": use lower-case letters, for example "trader"
        repositoryUrl (--repository-url) "x\\u001b[31m": is not a repository URL: use https://host/path
        limits.usd (--limit usd=…) -1: must be positive
        agent (--agent): nothing names one: pass "agent"
      "
    `)
  })

  it.each([
    ['a key used for something else', 409, 9],
    ['a server that is not ready', 503, 3],
    ['something that is not there', 404, 8],
    ['something no longer kept', 410, 8],
    ['a caller without a right', 403, 2],
  ])('ends after %s with a code of its own', async (_case, status, code) => {
    await using server = await startFakeServer(() => problem(status, 'no'))
    expect(await run(['task', 'submit', 'trader', '1', '--server', server.url])).toMatchObject({
      code,
      error: 'error: no\n',
    })
  })

  it('gives programs the answer as one line of JSON, and errors too', async () => {
    await using server = await startFakeServer((_request, n) =>
      n === 1
        ? { status: 202, json: submitAnswer({ guidance: HOSTILE }) }
        : problem(409, 'taken', { code: 'IDEMPOTENCY_KEY_REUSED' }),
    )
    const args = ['task', 'submit', 'trader', '1', '--server', server.url, '-o', 'json']
    const answered = await run(args)
    expect(JSON.parse(answered.out)).toEqual(submitAnswer({ guidance: HOSTILE }))
    expect(answered.out).not.toContain('\u202E')
    const refused = await run(args)
    expect(JSON.parse(refused.error)).toMatchObject({ error: { code: 'IDEMPOTENCY_KEY_REUSED', detail: 'taken' } })
  })

  it('waits for the end with --wait, and ends as the attempt did', async () => {
    await using server = await startFakeServer(({ method }) =>
      method === 'POST'
        ? { status: 202, json: submitAnswer() }
        : { json: finishedView({ phase: 'Failed', reason: 'GateFailed' }) },
    )
    const { code, out } = await run(['task', 'submit', 'trader', '1', '--server', server.url, '--wait'])
    expect(code).toBe(1)
    expect(out).toContain('GateFailed')
    expect(server.requests[1]?.path).toBe('/v1/attempts/trader-claude-agent-1-task1-attempt1?after=7')
  })

  it.each([
    [['--limit', 'fast'], '--limit "fast": use key=number'],
    [['--guidance-file', '/nonexistent/notes'], 'cannot be read'],
    [['--guidance', 'a', '--guidance-file', '-'], 'cannot be used with'],
    [['--unknown'], "unknown option '--unknown'"],
  ])('refuses %j before anything is sent', async (flags, text) => {
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    const { code, error } = await run(['task', 'submit', 'trader', '1', '--server', server.url, ...flags])
    expect(code).toBe(2)
    expect(error).toContain(text)
    expect(server.requests).toEqual([])
  })
})

describe('task retry', () => {
  it('sends its guidance to the task, and reads like a retry', async () => {
    const answer = submitAnswer({ n: 2, previous: 'trader-claude-agent-1-task1-attempt1', guidance: 'Use reqwest.' })
    await using server = await startFakeServer(() => ({ status: 202, json: answer }))
    const { code, out } = await run([
      'task',
      'retry',
      'trader',
      '1',
      '--server',
      server.url,
      '--tag',
      'auth',
      '--guidance',
      'Use reqwest.',
      '--previous',
      'x-attempt1',
    ])
    expect(code).toBe(0)
    expect(out).toContain('Retry of task 1 of trader submitted.')
    expect(server.requests[0]).toMatchObject({
      path: '/v1/tasks/trader/1/retry?tag=auth',
      body: { guidance: 'Use reqwest.', previous: 'x-attempt1' },
    })
  })

  it('asks for guidance', async () => {
    const { code, error } = await run(['task', 'retry', 'trader', '1', '--server', 'http://127.0.0.1:1'])
    expect(code).toBe(2)
    expect(error).toContain('--guidance')
  })
})
