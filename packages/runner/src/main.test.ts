import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SUMMARY_MAX_BYTES } from '@orchestrator/shared/contracts'
import { sha256Hex } from '@orchestrator/shared/core'
import { createLaunchFixture, TASK_BRANCH } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { RUNNER_MAIN } from './index.ts'

const GREETS = { name: 'greets', command: ['grep', '-q', 'hello', 'greeting.txt'] }

describe('an attempt', { timeout: 60_000, concurrent: false }, () => {
  it('succeeds with gates: the work is pushed, proven and recorded', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({
      scenario: [
        { do: 'say', text: 'working' },
        { do: 'keepPrompt', path: '../shared/prompt.txt' },
        { do: 'keepEnvironment', path: '../shared/environment.json' },
        { do: 'write', path: 'greeting.txt', text: 'hello\n' },
        { do: 'run', command: ['grep', 'hello', 'greeting.txt'], test: true },
        { do: 'use', inputTokens: 10, outputTokens: 5, costUsd: 0.1, turns: 2 },
        { do: 'commit', message: 'Greet' },
      ],
      gates: [GREETS],
      environment: { MODEL_KEY: 'for the agent alone' },
    })
    const runner = await launched.spawnRunner()
    await runner.go()
    expect(await runner.exitCode()).toBe(0)
    expect(await runner.errors()).toBe('')

    const result = await runner.result()
    expect(result).toMatchObject({
      submittedId: launched.attempt.submittedId,
      outcome: 'Succeeded',
      reason: 'GatesPassed',
      verified: true,
      pushedSha: await fixture.target.sha(TASK_BRANCH),
      commits: [{ subject: 'Greet' }],
      diffStat: { files: 1, insertions: 1, deletions: 0 },
      gates: [{ name: 'greets', passed: true, logFile: 'gates/greets.log' }],
      observedTests: [{ command: 'grep hello greeting.txt', exitCode: 0 }],
      criteria: [
        { text: 'The gate "greets" passes', evidence: 'gate "greets" passed' },
        { text: 'It is friendly', evidence: 'none' },
      ],
      usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.1, turns: 2, toolCalls: 4 },
      agent: { adapter: 'command', exitCode: 0, lastText: 'working' },
    })
    expect(result.steps.map(({ step }) => step)).toEqual([
      'claim',
      'preflight',
      'documents',
      'workspace',
      'implementing',
      'testing',
      'committing',
      'gates',
      'result',
    ])

    const lines = await runner.lines()
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
    const last = lines.at(-1)
    const resultText = await readFile(join(launched.attemptDirectory, 'result.json'), 'utf8')
    expect(last).toMatchObject({
      kind: 'summary',
      outcome: 'Succeeded',
      pushedSha: result.pushedSha,
      digest: sha256Hex(resultText),
    })
    expect(Buffer.byteLength(JSON.stringify(last))).toBeLessThan(SUMMARY_MAX_BYTES)
    expect(result.lines).toBe(lines.length - 1)
    expect(await readFile(join(launched.attemptDirectory, 'log.ndjson'), 'utf8')).toBe(await runner.rawLines())
    expect(await readFile(join(launched.attemptDirectory, 'brief.md'), 'utf8')).toBe(result.brief)

    const prompt = await readFile(join(fixture.workspace, 'shared/prompt.txt'), 'utf8')
    expect(prompt).toBe(await readFile(join(launched.attemptDirectory, 'prompt.md'), 'utf8'))
    expect(prompt).toContain('Write a greeting. $(id) {{mustache}}\n')
    expect(prompt).toContain(`- ${join(fixture.workspace, 'task-docs/task.md')}\n`)
    const environment: Record<string, string> = JSON.parse(
      await readFile(join(fixture.workspace, 'shared/environment.json'), 'utf8'),
    )
    expect(Object.keys(environment).toSorted()).toEqual([
      'GIT_AUTHOR_EMAIL',
      'GIT_AUTHOR_NAME',
      'GIT_COMMITTER_EMAIL',
      'GIT_COMMITTER_NAME',
      'HOME',
      'LANG',
      'MODEL_KEY',
      'ORCHESTRATOR_ATTEMPT',
      'ORCHESTRATOR_ATTEMPT_NUMBER',
      'ORCHESTRATOR_MODEL',
      'ORCHESTRATOR_PROMPT_FILE',
      'ORCHESTRATOR_SERVICE',
      'ORCHESTRATOR_TAG',
      'ORCHESTRATOR_TASK_DOCS',
      'ORCHESTRATOR_TASK_ID',
      'ORCHESTRATOR_WORKSPACE',
      'PATH',
    ])
    expect(environment['ORCHESTRATOR_ATTEMPT']).toBe(launched.attempt.submittedId)
  })

  it('without gates succeeds unverified, with what the agent left uncommitted', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({
      scenario: [
        { do: 'write', path: 'greeting.txt', text: 'hello\n' },
        { do: 'print', text: 'I am done' },
      ],
    })
    expect(await runner.exitCode()).toBe(0)
    const result = await runner.result()
    expect(result).toMatchObject({
      outcome: 'Succeeded',
      reason: 'NotVerified',
      verified: false,
      agent: { lastText: 'I am done' },
    })
    expect(await fixture.target.read(TASK_BRANCH, 'greeting.txt')).toBe('hello\n')
  })

  it('fails at a gate whatever the agent says; the next one reads why, and passes', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const scenario = {
      attempts: [
        [
          { do: 'write', path: 'greeting.txt', text: 'bye\n' },
          { do: 'say', text: 'All tests pass!' },
        ],
        [{ do: 'write', path: 'greeting.txt', text: 'hello\n' }],
        [],
      ],
    } as const
    const gates = [
      { name: 'greets', command: ['sh', '-c', 'cat greeting.txt; echo not friendly >&2; grep -q hello greeting.txt'] },
      { name: 'other', command: ['true'] },
    ]
    const first = await fixture.launch({ scenario, gates })
    expect(await first.exitCode()).toBe(1)
    expect(await first.result()).toMatchObject({
      outcome: 'Failed',
      reason: 'GateFailed',
      message: 'The gate "greets" ended with exit code 1.',
      gates: [{ passed: false, tail: expect.stringContaining('not friendly') }, { passed: true }],
    })
    const second = await fixture.launch({ scenario, gates, n: 2 })
    expect(await second.exitCode()).toBe(0)
    expect(await second.result()).toMatchObject({ outcome: 'Succeeded', reason: 'GatesPassed' })
    const prompt = await readFile(join(fixture.workspace, 'tasks/master-1/attempt-2/prompt.md'), 'utf8')
    expect(prompt).toContain('### Attempt 1: Failed, GateFailed')
    expect(prompt).toContain('> not friendly')
    expect(prompt).toContain(join(fixture.workspace, 'tasks/master-1/attempt-1'))
    expect(await readFile(join(fixture.workspace, 'tasks/master-1/attempt-1/gates/greets.log'), 'utf8')).toContain(
      'not friendly',
    )

    // The branch differs from its base, although this attempt adds nothing.
    const third = await fixture.launch({ scenario, gates, n: 3 })
    expect(await third.result()).toMatchObject({
      outcome: 'Succeeded',
      reason: 'GatesPassed',
      pushedSha: (await second.result()).pushedSha,
    })
  })

  it('fails where nothing was done, without a branch on the remote', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({ scenario: [{ do: 'say', text: 'I did it!' }], gates: [GREETS] })
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({ outcome: 'Failed', reason: 'NoChanges', gates: [], pushedSha: null })
    expect(await fixture.target.branches()).toEqual(['main'])
  })

  it('fails with the agent, and keeps its work in progress', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({
      scenario: [
        { do: 'write', path: 'half.txt', text: 'half\n' },
        { do: 'exit', code: 3 },
      ],
      gates: [GREETS],
    })
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome: 'Failed',
      reason: 'AgentError',
      message: 'The agent ended with exit code 3.',
      gates: [],
    })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
  })

  it('runs every gate on a clean checkout, without what belongs to the agent', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const shell = (name: string, script: string): { name: string; command: string[] } => ({
      name,
      command: ['sh', '-c', script],
    })
    const runner = await fixture.launch({
      scenario: [
        { do: 'write', path: '.gitignore', text: 'built\n' },
        { do: 'write', path: 'built', text: "on the agent's machine\n" },
      ],
      gates: [
        shell('clean', 'test ! -e built && touch built && echo "$CI"'),
        shell('still clean', 'test ! -e built'),
        shell('no key', 'test -z "$MODEL_KEY" && test -z "$ORCHESTRATOR_PROMPT_FILE"'),
        { name: 'slow', command: ['sleep', '60'], timeoutSeconds: 0.2 },
        { name: 'absent', command: ['no-such-program-here'] },
      ],
      environment: { MODEL_KEY: 'for the agent alone' },
    })
    expect(await runner.exitCode()).toBe(1)
    const { gates, message } = await runner.result()
    expect(gates.map(({ passed, timedOut, exitCode }) => [passed, timedOut, exitCode])).toEqual([
      [true, false, 0],
      [true, false, 0],
      [true, false, 0],
      [false, true, null],
      [false, false, null],
    ])
    expect(gates[0]?.tail).toBe('true')
    expect(gates[4]?.tail).toContain('no-such-program-here')
    expect(message).toBe('The gate "slow" ran out of time. The gate "absent" could not run or was killed.')
    // Nothing is left of the checkouts.
    expect((await readdir(join(fixture.state, 'push'))).filter((name) => name.startsWith('checkout'))).toEqual([])
  })

  it('prefers the gates beside the documents', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    await fixture.platform.commit({
      files: { '.taskmaster/docs/task-1/gates.json': JSON.stringify([{ name: 'of the task', command: ['false'] }]) },
    })
    const runner = await fixture.launch({ scenario: [{ do: 'write', path: 'a', text: 'a' }], gates: [GREETS] })
    expect(await runner.result()).toMatchObject({ reason: 'GateFailed', gates: [{ name: 'of the task' }] })
  })

  it.each([
    ['DocsMissing', 'no documents'],
    ['ToolsUnavailable', 'no program'],
    ['RepositoryUnavailable', 'no repository'],
    ['PushRejected', 'a remote that refuses'],
  ])('says %s for %s', async (reason, what) => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    if (what === 'no documents') await fixture.platform.commit({ files: { '.taskmaster/docs/task-1/task.md': null } })
    if (what === 'a remote that refuses')
      await writeFile(join(fixture.target.path, 'hooks/pre-receive'), '#!/bin/sh\necho no such luck\nexit 1\n', {
        mode: 0o755,
      })
    const runner = await fixture.launch({
      scenario: [{ do: 'write', path: 'a', text: 'a' }],
      ...(what === 'no program' ? { command: ['no-such-agent'] as [string] } : {}),
      change: (file) =>
        what === 'no repository'
          ? {
              ...file,
              spec: { ...file.spec, repository: { ...file.spec.repository, url: `${fixture.target.url}.gone` } },
            }
          : file,
    })
    expect(await runner.exitCode()).toBe(1)
    const result = await runner.result()
    expect(result).toMatchObject({ outcome: 'Failed', reason, verified: false, pushedSha: null })
    expect(result.brief).toMatch(new RegExp(`^# Failed: ${reason}\n`))
    expect((await runner.lines()).at(-1)).toMatchObject({ kind: 'summary', reason })
  })
})
