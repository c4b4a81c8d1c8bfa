import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SubmitAnswer } from '@orchestrator/shared/contracts'
import { scriptedAgentCommand } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from './support/installation.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

/** Adds a line that names the attempt, so that a branch shows whose work it holds. */
const signing = scriptedAgentCommand([
  {
    do: 'run',
    command: [
      'sh',
      '-c',
      'echo "$ORCHESTRATOR_SERVICE $ORCHESTRATOR_TASK_ID $ORCHESTRATOR_ATTEMPT_NUMBER" >> signed.txt',
    ],
    required: true,
  },
])
const agents = { 'claude-agent-1': { adapter: 'command' as const, command: signing } }

async function succeed(installation: Installation, answers: readonly SubmitAnswer[]): Promise<void> {
  for (const { attempt } of answers) {
    await expect(installation.api.finished(attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
  }
}

describe('tasks that look alike', () => {
  it('of two services with one id in one repository never touch each other', { timeout: 120_000 }, async () => {
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url }, auth: { repositoryUrl: target.url } },
      agents,
    })
    const trader = await installation.api.submit({ service: 'trader', taskId: '1' })
    const auth = await installation.api.submit({ service: 'auth', taskId: '1' })
    expect(trader.branch).toBe('feature/task-1-implementation')
    expect(auth.branch).toMatch(/^feature\/auth-master-task-1-implementation-[a-z2-7]{5}$/)
    await succeed(installation, [trader, auth])
    await expect(target.read(trader.branch, 'trader/signed.txt')).resolves.toBe('trader 1 1\n')
    await expect(target.read(auth.branch, 'auth/signed.txt')).resolves.toBe('auth 1 1\n')
    await expect(target.git(['ls-tree', '--name-only', auth.branch])).resolves.toBe('README.md\nauth\n')
  })

  it('of two services with one id in two repositories have the short branch each', { timeout: 120_000 }, async () => {
    await using platform = await createPlatform([{ id: '1' }])
    await using one = await createTarget()
    await using two = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: one.url }, auth: { repositoryUrl: two.url } },
      agents,
    })
    const trader = await installation.api.submit({ service: 'trader', taskId: '1' })
    const auth = await installation.api.submit({ service: 'auth', taskId: '1' })
    expect([trader.branch, auth.branch]).toEqual(['feature/task-1-implementation', 'feature/task-1-implementation'])
    await succeed(installation, [trader, auth])
    await expect(one.read(trader.branch, 'trader/signed.txt')).resolves.toBe('trader 1 1\n')
    await expect(two.read(auth.branch, 'auth/signed.txt')).resolves.toBe('auth 1 1\n')
  })

  it('of two tags with one id keep branch and history apart', { timeout: 120_000 }, async () => {
    await using platform = await createPlatform([{ id: '1' }, { id: '1', tag: 'next' }])
    await using target = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url } },
      agents,
    })
    const master = await installation.api.submit({ service: 'trader', taskId: '1' })
    const next = await installation.api.submit({ service: 'trader', taskId: '1', tag: 'next' })
    expect(next.attempt).not.toBe(master.attempt)
    expect(next.branch).not.toBe(master.branch)
    await succeed(installation, [master, next])
    await expect(target.read(master.branch, 'trader/signed.txt')).resolves.toBe('trader 1 1\n')
    await expect(target.read(next.branch, 'trader/signed.txt')).resolves.toBe('trader 1 1\n')
    await expect(readdir(join(installation.workspace('trader'), 'tasks'))).resolves.toEqual(
      expect.arrayContaining(['master-1', 'next-1']),
    )
  })

  it('go on where they were: task 1 twice, task 2, task 1 again', { timeout: 120_000 }, async () => {
    await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
    await using target = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url } },
      agents,
    })
    for (const taskId of ['1', '1', '2', '1']) {
      await succeed(installation, [await installation.api.submit({ service: 'trader', taskId })])
    }
    await expect(target.read('feature/task-1-implementation', 'trader/signed.txt')).resolves.toBe(
      'trader 1 1\ntrader 1 2\ntrader 1 3\n',
    )
    await expect(target.read('feature/task-2-implementation', 'trader/signed.txt')).resolves.toBe('trader 2 1\n')
    const folder = join(installation.workspace('trader'), 'tasks', 'master-1')
    await expect(readdir(folder)).resolves.toEqual(['attempt-1', 'attempt-2', 'attempt-3'])
  })

  it('whose names would be one have different names, workspaces and work', { timeout: 120_000 }, async () => {
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url },
      services: { a: { repositoryUrl: target.url, agent: 'b-c' }, 'a-b': { repositoryUrl: target.url, agent: 'c' } },
      agents: { 'b-c': { adapter: 'command', command: signing }, c: { adapter: 'command', command: signing } },
    })
    const one = await installation.api.submit({ service: 'a', taskId: '1' })
    const two = await installation.api.submit({ service: 'a-b', taskId: '1' })
    expect(one.attempt).toBe('a-b-c-task1-attempt1')
    expect(two.attempt).toMatch(/^a-b-c-task1-attempt1-[a-z2-7]{5}$/)
    await succeed(installation, [one, two])
    await expect(target.read(one.branch, 'a/signed.txt')).resolves.toBe('a 1 1\n')
    await expect(target.read(two.branch, 'a-b/signed.txt')).resolves.toBe('a-b 1 1\n')
  })
})
