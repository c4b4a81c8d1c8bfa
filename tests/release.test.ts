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

interface Stage extends AsyncDisposable {
  readonly url: string
  readonly api: ReturnType<typeof createApi>
  readonly target: Awaited<ReturnType<typeof createTarget>>
  /** The first attempt of task 1, whose agent hangs. */
  readonly first: string
  /** Kills everything of the machine, and has the disk come up again in another one. */
  moveDisk(options: { readonly ended: boolean }): Promise<void>
}

/** An attempt at work on a machine; the submitter runs on another one. */
async function createStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker())
  const state = stack.use(await temporaryDirectory())
  const platform = stack.use(await createPlatform([{ id: '1' }]))
  const target = stack.use(await createTarget())
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
  const viewFile = join(state.path, 'view.sqlite')
  const submitter = stack.use(startReplica('submitter', { ...environment, PORT: '0', VIEW_FILE: viewFile }))
  const address = (): string => /http:\/\/127\.0\.0\.1:\d+/.exec(submitter.output())?.[0] ?? ''
  await expect.poll(address, PATIENCE).not.toBe('')
  const url = address()
  const api = createApi(url)
  await expect.poll(() => fetch(new URL('/readyz', url)).then(({ status }) => status), PATIENCE).toBe(200)
  const first = (await api.submit({ service: 'trader', taskId: '1' })).attempt
  const launcher = stack.use(startReplica('launcher', environment))
  const watcher = stack.use(startReplica('watcher', environment))
  await expect.poll(() => watcher.output(), PATIENCE).toContain('"started"')
  await api.until(first, ({ lastText }) => lastText === 'thinking')
  const owned = stack.move()
  return {
    url,
    api,
    target,
    first,
    moveDisk: async ({ ended }) => {
      if (!ended) await watcher.kill()
      await launcher.kill()
      const order = JSON.parse(await readFile(join(state.path, 'launches', first, 'attempt.json'), 'utf8'))
      createProcessTable().signalAll(MARKER_VARIABLE, String(order.submittedId), 'SIGKILL')
      if (ended) await expect(api.finished(first)).resolves.toMatchObject({ phase: 'Unknown' })
      await watcher.kill()
      // git died in the middle of something, too.
      await writeFile(join(state.path, 'workspaces/workspace-trader/target-repo/.git/index.lock'), '')
      await writeFile(join(state.path, 'machine-id'), 'the-new-machine\n')
      for (const service of ['launcher', 'watcher']) owned.use(startReplica(service, environment))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const LONG = { timeout: 180_000 }

// The disk has moved to another machine after the old one died in the middle of an attempt.
describe('a workspace whose last attempt ran on a machine that is gone', () => {
  it("waits, visibly, and is usable after a person's word", LONG, async () => {
    await using stage = await createStage()
    const { api, first, target, url } = stage
    await stage.moveDisk({ ended: true })
    const second = await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'Go on.' })
    const waiting = await api.until(second.attempt, ({ reason }) => reason === 'WorkspaceBusy')
    expect(waiting).toMatchObject({ phase: 'Queued', message: expect.stringContaining('task release') })
    const status = await cli(['task', 'status', second.attempt, '--server', url])
    expect(status.output).toContain('task release trader')
    expect((await cli(['task', 'release', '--server', url])).output).toContain(first)
    expect(await cli(['task', 'release', 'trader', '--server', url])).toMatchObject({ code: 2 })
    const released = await cli(['task', 'release', 'trader', '1', '--yes', '--note', 'it burnt', '--server', url])
    expect(released).toMatchObject({ code: 0, output: expect.stringContaining('You have vouched') })
    await expect(api.finished(second.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
    await expect(target.read(second.branch, 'trader/done.txt')).resolves.toBe('done\n')
    const again = await cli(['task', 'release', 'trader', '--yes', '--server', url])
    expect(again.code).toBe(9)

    // And everything people see of it can be made again.
    const rebuilt = await cli(['rebuild', '--documents', '--server', url])
    expect(rebuilt).toMatchObject({ code: 0, output: expect.stringMatching(/1 view current at sequence \d+/) })
    await expect(api.attempts('')).resolves.toMatchObject([{ phase: 'Succeeded' }, { phase: 'Unknown' }])
  })

  it('before it could say how the attempt ended is usable after the word that it is gone', LONG, async () => {
    await using stage = await createStage()
    const { api, first, url } = stage
    await stage.moveDisk({ ended: false })
    const second = await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'Go on.' })
    const refused = await cli(['task', 'release', 'trader', '1', '--yes', '--server', url])
    expect(refused.code).not.toBe(0)
    expect(refused.output).toContain('--machine-gone')
    const unsure = await cli(['task', 'release', 'trader', '1', '--machine-gone', '--server', url])
    expect(unsure).toMatchObject({ code: 2, output: expect.stringContaining('has to be confirmed') })
    const released = await cli(['task', 'release', 'trader', '1', '--machine-gone', '--yes', '--server', url])
    expect(released).toMatchObject({ code: 0, output: expect.stringContaining('You have vouched') })
    const lost = { phase: 'Unknown', reason: 'WorkloadLost', message: expect.stringContaining('vouched') }
    await expect(api.finished(first)).resolves.toMatchObject(lost)
    await expect(api.finished(second.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
  })
})
