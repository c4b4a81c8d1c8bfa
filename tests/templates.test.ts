import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { runCli, startInstallation } from './support/installation.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

async function overlay(place: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(place, 'implementation'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, 'implementation', name), text)
}

describe('templates of an installation', () => {
  it('go before those that come along, and end an attempt that they cannot serve', { timeout: 120_000 }, async () => {
    await using mine = await temporaryDirectory()
    await overlay(mine.path, {
      'prompt.hbs': 'Do {{task_id}} of {{service_name}}.\n\n<!-- orchestrator:documents -->\n',
      'coding-guidelines.md.hbs':
        '# Ours\n<!-- orchestrator:if language go -->\nGo.\n<!-- orchestrator:end -->\n{{#if attempts.is_retry}}{{limits.usd}}{{/if}}\n',
    })
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createTarget()
    await target.commit({ files: { 'main.go': 'package main\n' } })
    await using installation = await startInstallation(
      {
        defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
        services: { trader: { repositoryUrl: target.url, workingDirectory: '.' } },
        agents: {
          'claude-agent-1': {
            adapter: 'command',
            command: scriptedAgentCommand([{ do: 'keepPrompt', path: 'prompt.txt' }]),
          },
        },
      },
      { args: ['--templates', mine.path] },
    )
    const { api } = installation
    const first = await api.submit({ service: 'trader', taskId: '1' })
    const view = await api.finished(first.attempt)
    expect(view.phase).toBe('Succeeded')
    const prompt = await target.read(view.branch, 'prompt.txt')
    expect(prompt).toMatch(
      /^Do 1 of trader\.\n\n- .*\/task-docs\/acceptance-criteria\.md\n- .*\/task-docs\/task\.md\n$/,
    )
    const workspace = installation.workspace('trader')
    expect(await readFile(join(workspace, 'coding-guidelines.md'), 'utf8')).toBe('# Ours\nGo.\n\n')
    expect(await readFile(join(workspace, 'CLAUDE.md'), 'utf8')).toContain('## 5. Tool usage')

    // There is no budget: nothing that could be rendered.
    const { attempt } = await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'Again.' })
    expect(await api.finished(attempt)).toMatchObject({
      phase: 'Failed',
      reason: 'ConfigurationInvalid',
      message: expect.stringMatching(/coding-guidelines\.md\.hbs cannot be rendered: line 5: "limits\.usd"/),
    })
  })

  it('that do not work keep it from starting, with file, line and what is wrong', { timeout: 60_000 }, async () => {
    await using mine = await temporaryDirectory()
    await overlay(mine.path, { 'memory.md.hbs': 'a\n{{{task_id}}}\n' })
    const up = (templates: string): ReturnType<typeof runCli> =>
      runCli(['up', '--state-dir', join(mine.path, 'state'), '--port', '0', '--templates', templates])
    expect(await up(mine.path)).toMatchObject({
      code: expect.not.toBeOneOf([0]),
      stderr: expect.stringMatching(/memory\.md\.hbs cannot be rendered: line 2: use \{\{ \}\}/),
    })
    expect((await up(join(mine.path, 'nowhere'))).stderr).toContain('there are no templates in')
  })
})
