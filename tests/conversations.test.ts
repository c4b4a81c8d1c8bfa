import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { scriptedAgentCommand, startWebhookSink } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { startInstallation } from './support/installation.ts'
import { createPlatform, createTarget, fileGate } from './support/repositories.ts'

const AGENT = 'claude-agent-1'
const BRANCH = 'feature/task-1-implementation'

describe('a lead and a team of agents', () => {
  it(
    'submit, retry with guidance, go on to the next task and another service, look, and stop',
    { timeout: 180_000 },
    async () => {
      await using sink = await startWebhookSink()
      await using platform = await createPlatform([
        { id: '1', gates: [fileGate('client.txt', 'reqwest')] },
        { id: '2' },
      ])
      await using trader = await createTarget()
      await using auth = await createTarget()
      await using installation = await startInstallation({
        defaults: { platformRepositoryUrl: platform.url, agent: AGENT },
        services: {
          trader: { repositoryUrl: trader.url },
          auth: { repositoryUrl: auth.url, agent: 'slow-agent', gates: [] },
        },
        agents: {
          [AGENT]: {
            adapter: 'command',
            command: scriptedAgentCommand({
              attempts: [
                [{ do: 'write', path: 'client.txt', text: 'curl\n' }],
                [
                  { do: 'keepPrompt', path: 'prompt.txt' },
                  { do: 'write', path: 'client.txt', text: 'reqwest\n' },
                  { do: 'run', command: ['grep', 'reqwest', 'client.txt'], test: true },
                ],
              ],
            }),
          },
          'slow-agent': {
            adapter: 'command',
            command: scriptedAgentCommand([
              { do: 'write', path: 'half.txt', text: 'half done\n' },
              { do: 'say', text: 'thinking' },
              { do: 'hang' },
            ]),
          },
        },
        channels: { webhooks: [{ name: 'team', url: sink.url }] },
      })
      const { api } = installation

      // The first attempt chooses the wrong client; the gate says so, not the agent.
      const first = await api.submit({ service: 'trader', taskId: 1 })
      expect(first).toMatchObject({
        attempt: 'trader-claude-agent-1-task1-attempt1',
        workspace: 'workspace-trader',
        workspaceIsNew: true,
        branch: BRANCH,
        branchIsNew: true,
        workingDirectory: 'trader',
        workingDirectoryKind: 'default',
      })
      const failed = await api.finished(first.attempt)
      expect(failed).toMatchObject({ phase: 'Failed', reason: 'GateFailed', verified: false })
      expect(failed.result?.brief).toContain('content')

      // A person answers with guidance: same branch, linked, the guidance verbatim.
      const guidance = 'Use the reqwest crate instead of curl.'
      const second = await api.retry({ service: 'trader', taskId: '1' }, { guidance })
      expect(second).toMatchObject({ n: 2, branch: BRANCH, branchIsNew: false, guidance, previous: first.attempt })
      const succeeded = await api.finished(second.attempt)
      expect(succeeded).toMatchObject({ phase: 'Succeeded', reason: 'GatesPassed', verified: true })
      const prompt = await trader.read(BRANCH, 'trader/prompt.txt')
      expect(prompt).toContain(guidance)
      expect(prompt).toContain('GateFailed')
      await expect(trader.read(BRANCH, 'trader/client.txt')).resolves.toBe('reqwest\n')

      // The next task of the service: another branch, its own working directory.
      const next = await api.submit({ service: 'trader', taskId: '2', workingDirectory: 'trading-engine' })
      expect(next).toMatchObject({
        n: 1,
        branch: 'feature/task-2-implementation',
        workingDirectoryKind: 'custom',
        workspaceIsNew: false,
      })
      await expect(api.finished(next.attempt)).resolves.toMatchObject({
        phase: 'Succeeded',
        reason: 'NotVerified',
        verified: false,
      })
      await expect(trader.read('feature/task-2-implementation', 'trading-engine/client.txt')).resolves.toBe('curl\n')

      // Another service, seen while it runs, then stopped.
      const other = await api.submit({ service: 'auth', taskId: '1' })
      expect(other.workspace).toBe('workspace-auth')
      const running = await api.until(other.attempt, (view) => view.lastText === 'thinking')
      expect(running).toMatchObject({ phase: 'Running', step: 'implementing', agent: 'slow-agent' })
      await expect(api.stop(other.attempt)).resolves.toMatchObject({ accepted: true })
      const stopped = await api.finished(other.attempt)
      expect(stopped).toMatchObject({ phase: 'Stopped', reason: 'StopRequested', stopRequested: true })
      await expect(auth.read(BRANCH, 'auth/half.txt')).resolves.toBe('half done\n')
      await access(join(installation.workspace('auth'), 'target-repo', 'auth', 'half.txt'))
      await expect(api.stop(other.attempt)).resolves.toMatchObject({ accepted: false })

      // People were told, in order, each thing once.
      const told = (): string[] =>
        sink.received.map(({ body }) => `${(body as { type: string }).type} ${(body as { subject: string }).subject}`)
      await expect.poll(told).toContain(`attempt.finished ${other.attempt}`)
      expect(new Set(told()).size).toBe(told().length)
      expect(told().filter((line) => line.endsWith(first.attempt))).toEqual(
        ['task.submitted', 'attempt.started', 'attempt.finished'].map((type) => `${type} ${first.attempt}`),
      )
    },
  )
})
