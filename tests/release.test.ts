import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { createProcessTable } from '@orchestrator/shared/process'
import { scriptedAgentCommand, startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createApi } from './support/api.ts'
import { startReplica } from './support/replica.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

const REPOSITORY = join(import.meta.dirname, '..')
const PATIENCE = { timeout: 60_000, interval: 100 }

async function cli(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [join(REPOSITORY, 'packages/cli/src/main.ts'), ...args], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output += data.toString()))
  await once(child, 'close')
  return { code: child.exitCode, output }
}

// The disk has moved to another machine after the old one died in the middle of an attempt.
describe('a workspace whose last attempt ran on a machine that is gone', () => {
  it("waits, visibly, and is usable after a person's word", { timeout: 180_000 }, async () => {
    await using broker = await startTestBroker()
    await using state = await temporaryDirectory()
    await using platform = await createPlatform([{ id: '1' }])
    await using target = await createTarget()
    const settings = {
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url } },
      agents: {
        'claude-agent-1': {
          adapter: 'command',
          command: scriptedAgentCommand({
            attempts: [
              [{ do: 'write', path: 'half.txt', text: 'half\n' }, { do: 'say', text: 'thinking' }, { do: 'hang' }],
              [{ do: 'write', path: 'done.txt', text: 'done\n' }],
            ],
          }),
        },
      },
    }
    await writeFile(join(state.path, 'settings.json'), JSON.stringify(settings))
    const environment = {
      NATS_URL: broker.url,
      SETTINGS_FILE: join(state.path, 'settings.json'),
      STATE_DIR: state.path,
      LOOK_INTERVAL_MS: '500',
    }
    await using submitter = startReplica('submitter', {
      ...environment,
      PORT: '0',
      VIEW_FILE: join(state.path, 'view.sqlite'),
    })
    const url = (): string => /http:\/\/127\.0\.0\.1:\d+/.exec(submitter.output())?.[0] ?? ''
    await expect.poll(url, PATIENCE).not.toBe('')
    const api = createApi(url())
    await expect.poll(() => fetch(new URL('/readyz', url())).then(({ status }) => status), PATIENCE).toBe(200)
    const first = await api.submit({ service: 'trader', taskId: '1' })
    {
      await using launcher = startReplica('launcher', environment)
      await using watcher = startReplica('watcher', environment)
      await expect.poll(() => watcher.output(), PATIENCE).toContain('"started"')
      await api.until(first.attempt, ({ lastText }) => lastText === 'thinking')
      await launcher.kill()
      const order = JSON.parse(await readFile(join(state.path, 'launches', first.attempt, 'attempt.json'), 'utf8'))
      createProcessTable().signalAll(MARKER_VARIABLE, String(order.submittedId), 'SIGKILL')
      await expect(api.finished(first.attempt)).resolves.toMatchObject({ phase: 'Unknown' })
    }
    // git died in the middle of something, too.
    await writeFile(join(state.path, 'workspaces/workspace-trader/target-repo/.git/index.lock'), '')
    await writeFile(join(state.path, 'machine-id'), 'the-new-machine\n')

    await using stack = new AsyncDisposableStack()
    for (const service of ['launcher', 'watcher']) stack.use(startReplica(service, environment))
    const second = await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'Go on.' })
    const waiting = await api.until(second.attempt, ({ reason }) => reason === 'WorkspaceBusy')
    expect(waiting).toMatchObject({ phase: 'Queued', message: expect.stringContaining('task release') })
    const status = await cli(['task', 'status', second.attempt, '--server', url()])
    expect(status.output).toContain('task release trader')
    expect((await cli(['task', 'release', '--server', url()])).output).toContain(first.attempt)
    expect(await cli(['task', 'release', 'trader', '--server', url()])).toMatchObject({ code: 2 })
    const released = await cli(['task', 'release', 'trader', '1', '--yes', '--note', 'it burnt', '--server', url()])
    expect(released).toMatchObject({ code: 0, output: expect.stringContaining('You have vouched') })
    await expect(api.finished(second.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
    await expect(target.read(second.branch, 'trader/done.txt')).resolves.toBe('done\n')
    const again = await cli(['task', 'release', 'trader', '--yes', '--server', url()])
    expect(again.code).toBe(9)

    // And everything people see of it can be made again.
    const rebuilt = await cli(['rebuild', '--documents', '--server', url()])
    expect(rebuilt).toMatchObject({ code: 0, output: expect.stringMatching(/1 view current at sequence \d+/) })
    await expect(api.attempts('')).resolves.toMatchObject([{ phase: 'Succeeded' }, { phase: 'Unknown' }])
  })
})
