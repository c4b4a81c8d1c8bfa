import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { hostileStrings, scriptedAgentCommand, startWebhookSink, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { startInstallation } from './support/installation.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

describe('hostile strings', () => {
  it('reach agent, log, webhook and terminal as text and do nothing', { timeout: 120_000 }, async () => {
    await using trap = await temporaryDirectory()
    const sprung = join(trap.path, 'sprung')
    const hostile = hostileStrings(sprung)
      .filter((text) => !text.includes('\0'))
      .join('\n')
    await using sink = await startWebhookSink()
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createTarget()
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url } },
      agents: {
        'claude-agent-1': {
          adapter: 'command',
          command: scriptedAgentCommand([
            { do: 'keepPrompt', path: 'prompt.txt' },
            { do: 'say', text: hostile },
            { do: 'print', text: hostile },
          ]),
        },
      },
      channels: { webhooks: [{ name: 'team', url: sink.url }] },
    })
    const { attempt } = await installation.api.submit({ service: 'trader', taskId: '1', guidance: hostile })
    const view = await installation.api.finished(attempt)
    expect(view).toMatchObject({ phase: 'Succeeded', guidance: hostile, lastText: expect.stringContaining('touch') })

    // The agent reads it line by line, without what would act on a terminal; the runner's own markers are not a user's to use.
    const prompt = await target.read('feature/task-1-implementation', 'trader/prompt.txt')
    const readable = hostile
      .replaceAll(/(?![\t\n\r\v\f\u0085])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu, '')
      .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    for (const line of readable.filter((each) => !each.includes('orchestrator:'))) expect(prompt).toContain(line)
    expect(prompt).not.toContain('> <!-- orchestrator:documents -->')

    await expect.poll(() => sink.received.some(({ text }) => text.includes('attempt.finished'))).toBe(true)
    const submitted = sink.received.find(({ text }) => text.includes('task.submitted'))
    expect(submitted?.body).toMatchObject({ data: { attempt: { prompt: { guidance: hostile } } } })

    // No escape sequence reaches a terminal.
    const status = await installation.cli('task', 'status', attempt)
    const logs = await installation.cli('task', 'logs', attempt)
    for (const control of ['\u001B', '\u0007', '\u202E']) {
      expect([status, logs].map(({ stdout, stderr }) => stdout + stderr).join('\n')).not.toContain(control)
    }
    expect(logs.stdout).toContain('\\x1b[2J')
    await expect(access(sprung)).rejects.toThrow('ENOENT')
  })

  it(
    'are refused where they can be no value, every fault named at once, and lose nothing',
    { timeout: 60_000 },
    async () => {
      await using platform = await createPlatform([{ id: '1' }])
      await using installation = await startInstallation({ defaults: { platformRepositoryUrl: platform.url } })
      const { api } = installation
      const fields = {
        service: '$(id)',
        taskId: '1; rm -rf /',
        tag: '../x',
        agent: '{{agent}}',
        model: 'son\nnet',
        repositoryUrl: '--upload-pack=touch /tmp/x',
        branch: '-f',
        githubUser: 'a\u001B[31m',
        platformRepositoryUrl: 'ext::sh -c id',
        platformBranch: 'a..b',
        platformUser: '"',
        workingDirectory: '../../etc',
        promptMode: 'both',
        limits: { wallClockMinutes: -1, forever: true },
        previous: "' OR 1=1 --",
        unknown: 'x',
      }
      const problem = await api.refused('POST', '/v1/tasks', fields)
      expect(problem.status).toBe(400)
      const named = new Set(problem.errors?.map(({ field }) => field.split('.')[0]))
      expect(named).toEqual(new Set(Object.keys(fields)))

      const large = await api.refused('POST', '/v1/tasks', {
        service: 'trader',
        taskId: '1',
        guidance: 'x'.repeat(1024 * 1024),
      })
      expect(large.status).toBe(413)
      const long = await api.refused('POST', '/v1/tasks', {
        service: 'trader',
        taskId: '1',
        guidance: 'x'.repeat(100 * 1024),
      })
      expect(long.errors?.map(({ field }) => field)).toContain('guidance')
      await api.refused('GET', `/v1/attempts/${encodeURIComponent('../../etc/passwd')}`)
      await api.refused('GET', '/v1/attempts?service=%24(id)')
      await expect(api.attempts('limit=10')).resolves.toEqual([])
    },
  )
})
