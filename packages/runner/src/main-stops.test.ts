import { once } from 'node:events'
import { access, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { MARKER_VARIABLE, type Step } from '@orchestrator/shared/contracts'
import { createProcessTable } from '@orchestrator/shared/process'
import { createLaunchFixture, type Launched, type Runner, TASK_BRANCH } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { RUNNER_MAIN } from './index.ts'

const table = createProcessTable()

const HALF_DONE = [
  { do: 'write', path: 'half.txt', text: 'half\n' },
  { do: 'say', text: 'half done' },
] as const

async function letGo(launched: Launched): Promise<Runner> {
  const runner = await launched.spawnRunner()
  await runner.go()
  return runner
}

function carriers(launched: Launched): readonly number[] {
  return table.withVariable(MARKER_VARIABLE, launched.attempt.submittedId)
}

describe('a stop', { timeout: 60_000 }, () => {
  it('asked by file keeps the work in progress and says so', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ scenario: [...HALF_DONE, { do: 'hang' }] })
    const runner = await letGo(launched)
    await runner.said('half done')
    await runner.stop()
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome: 'Stopped',
      reason: 'StopRequested',
      message: 'Stopped as asked by alice.',
      pushedSha: await fixture.target.sha(TASK_BRANCH),
    })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
    expect(carriers(launched)).toEqual([])
  })

  it('by the launcher, because the limit is long past, is a timeout', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ scenario: [...HALF_DONE, { do: 'hang' }] })
    const runner = await letGo(launched)
    await runner.said('half done')
    await writeFile(
      join(launched.folder, 'stop.json'),
      JSON.stringify({ v: 1, requestedBy: 'the launcher', cause: 'deadline' }),
    )
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({ outcome: 'TimedOut', reason: 'DeadlineExceeded' })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
  })

  it('by signal does the same', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({ scenario: [...HALF_DONE, { do: 'hang' }] })
    await runner.said('half done')
    process.kill(runner.pid, 'SIGTERM')
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome: 'Stopped',
      message: 'Stopped as asked by the runtime (SIGTERM).',
    })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
  })

  it('ends an agent that ignores it, with processes of its own everywhere, within the grace', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({
      // Half of it goes until the agent is killed: the other half is enough to push on a busy machine too.
      change: (file) => ({ ...file, stopGraceMs: 14_000 }),
      scenario: [
        { do: 'ignore', signals: ['SIGINT', 'SIGTERM'] },
        { do: 'leave', seconds: 300 },
        { do: 'leave', seconds: 300, ownSession: true, holdsOutput: true },
        ...HALF_DONE,
        { do: 'hang' },
      ],
    })
    const runner = await letGo(launched)
    await runner.said('half done')
    const since = performance.now()
    await runner.stop()
    expect(await runner.exitCode()).toBe(1)
    expect(performance.now() - since).toBeLessThan(launched.attempt.stopGraceMs)
    expect(await runner.result()).toMatchObject({
      outcome: 'Stopped',
      agent: { signal: 'SIGKILL' },
      pushedSha: expect.any(String),
    })
    expect(carriers(launched)).toEqual([])
  })

  it('that was there before the first step starts no agent', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({
      scenario: [
        { do: 'write', path: '../shared/ran', text: '' },
        { do: 'sleep', ms: 3000 },
      ],
    })
    const runner = await launched.spawnRunner()
    await runner.stop()
    await runner.go()
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({ outcome: 'Stopped', agent: null, pushedSha: null })
    await expect(access(join(fixture.workspace, 'shared/ran'))).rejects.toThrow()
  })

  it('during a gate ends the gate; the work is already saved', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({
      scenario: HALF_DONE,
      gates: [
        { name: 'quick', command: ['true'] },
        { name: 'slow', command: ['sh', '-c', 'trap "" TERM INT; sleep 300 & wait; sleep 300'] },
      ],
    })
    const runner = await letGo(launched)
    await expect
      .poll(async () => (await runner.lines()).some((line) => line.kind === 'step' && line.message?.includes('slow')), {
        timeout: 15_000,
      })
      .toBe(true)
    await runner.stop()
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome: 'Stopped',
      gates: [{ name: 'quick', passed: true }],
      pushedSha: expect.any(String),
    })
    expect(carriers(launched)).toEqual([])
  })
})

describe('a stop while git waits', { timeout: 60_000 }, () => {
  it('for a remote that never answers ends the waiting', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const sockets = new Set<Socket>()
    await using stack = new AsyncDisposableStack()
    const silent = stack.use(createServer((socket) => sockets.add(socket.on('error', () => undefined))))
    stack.defer(() => sockets.forEach((socket) => socket.destroy()))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/trader.git`
    const runner = await fixture.launch({
      change: (file) => ({ ...file, spec: { ...file.spec, repository: { ...file.spec.repository, url } } }),
    })
    await expect.poll(() => sockets.size, { timeout: 15_000 }).toBeGreaterThan(0)
    const since = performance.now()
    await runner.stop()
    expect(await runner.exitCode()).toBe(1)
    expect(performance.now() - since).toBeLessThan(3000)
    expect(await runner.result()).toMatchObject({ outcome: 'Stopped', agent: null })
  })

  it('for a push that hangs still ends within the grace, and says that the work is not saved', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    await writeFile(join(fixture.target.path, 'hooks/pre-receive'), '#!/bin/sh\nsleep 300\n', { mode: 0o755 })
    const launched = await fixture.prepare({
      scenario: [...HALF_DONE, { do: 'hang' }],
      change: (file) => ({ ...file, stopGraceMs: 6000 }),
    })
    const runner = await letGo(launched)
    await runner.said('half done')
    const since = performance.now()
    await runner.stop()
    expect(await runner.exitCode()).toBe(1)
    expect(performance.now() - since).toBeLessThan(launched.attempt.stopGraceMs)
    expect(await runner.result()).toMatchObject({
      outcome: 'Stopped',
      pushedSha: null,
      message: expect.stringContaining('could not be saved'),
    })
    expect(carriers(launched)).toEqual([])
    // The commit waits in the workspace for the next attempt.
    await rm(join(fixture.target.path, 'hooks/pre-receive'))
    const next = await fixture.launch({ n: 2 })
    expect(await next.result()).toMatchObject({ outcome: 'Succeeded' })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
  })
})

describe('a limit', { timeout: 60_000 }, () => {
  const limited = [
    ['idle time', 'Failed', 'AgentStalled', { idleMinutes: 0.01 }, []],
    ['the wall clock', 'TimedOut', 'DeadlineExceeded', { wallClockMinutes: 0.03 }, []],
    ['the budget', 'Failed', 'BudgetReached', { usd: 1 }, [{ do: 'use', costUsd: 1.5 }]],
    [
      'turns',
      'Failed',
      'TurnsReached',
      { turns: 3 },
      [
        { do: 'use', turns: 3 },
        { do: 'use', turns: 4 },
      ],
    ],
  ] as const

  it.each(limited)('of %s ends it as %s, %s, with its work pushed', async (...[, outcome, reason, limits, steps]) => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({ scenario: [...HALF_DONE, ...steps, { do: 'hang' }], limits })
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome,
      reason,
      pushedSha: expect.any(String),
      steps: expect.arrayContaining([expect.objectContaining({ step: 'committing', ok: true })]),
    })
    expect(await fixture.target.read(TASK_BRANCH, 'half.txt')).toBe('half\n')
  })

  it('of idle time is not reached by an agent that speaks', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const words = Array.from({ length: 8 }, () => [
      { do: 'print', text: '.' } as const,
      { do: 'sleep', ms: 150 } as const,
    ]).flat()
    const runner = await fixture.launch({ scenario: [...HALF_DONE, ...words], limits: { idleMinutes: 0.01 } })
    expect(await runner.result()).toMatchObject({ outcome: 'Succeeded' })
  })
})

describe('death', { timeout: 120_000 }, () => {
  it('of the agent by SIGKILL is its error, and its work is kept', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ scenario: [...HALF_DONE, { do: 'hang' }] })
    const runner = await letGo(launched)
    await runner.said('half done')
    for (const pid of carriers(launched)) if (pid !== runner.pid) process.kill(pid, 'SIGKILL')
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({
      outcome: 'Failed',
      reason: 'AgentError',
      message: 'The agent was ended by SIGKILL.',
      pushedSha: expect.any(String),
    })
  })

  it.each<Step>(['claim', 'preflight', 'documents', 'workspace', 'implementing', 'committing', 'gates'])(
    'of the runner in the step %s costs no line and leaves a workspace in which the next attempt succeeds',
    async (step) => {
      await using fixture = await createLaunchFixture(RUNNER_MAIN)
      const order = { scenario: HALF_DONE, gates: [{ name: 'half', command: ['grep', '-q', 'half', 'half.txt'] }] }
      const launched = await fixture.prepare(order)
      const runner = await letGo(launched)
      await expect
        .poll(async () => (await runner.lines()).some((line) => line.kind === 'step' && line.step === step), {
          timeout: 15_000,
          interval: 2,
        })
        .toBe(true)
      // As a launcher does: everything that carries the marker, until nothing is left.
      await expect
        .poll(() => {
          table.signalAll(MARKER_VARIABLE, launched.attempt.submittedId, 'SIGKILL')
          return carriers(launched)
        })
        .toEqual([])
      expect(await runner.exitCode()).toBe('SIGKILL')
      const lines = await runner.lines()
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))

      const next = await fixture.launch({ ...order, n: 2 })
      expect(await next.exitCode(), await next.rawLines()).toBe(0)
      expect(await next.result()).toMatchObject({ outcome: 'Succeeded', reason: 'GatesPassed' })
    },
  )
})
