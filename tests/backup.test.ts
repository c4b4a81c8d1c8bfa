import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptView, BackupManifest, Epoch } from '@orchestrator/shared/contracts'
import {
  type GitRemote,
  scriptedAgentCommand,
  startWebhookSink,
  temporaryDirectory,
  type WebhookSink,
} from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { endRunners, type Installation, runCli, type SettingsInput, startInstallation } from './support/installation.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

const WAIT = { timeout: 60_000, interval: 50 }
const TOLD = z.object({ id: z.string(), type: z.string(), data: z.looseObject({ name: z.optional(z.string()) }) })

interface Site extends AsyncDisposable {
  readonly folder: string
  readonly settings: SettingsInput
  readonly sink: WebhookSink
  readonly target: GitRemote
  /** Lets all agents that wait go on. */
  goOn(): Promise<void>
  start(name: string): Promise<Installation>
}

async function createSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDirectory()).path
  const sink = stack.use(await startWebhookSink())
  const target = stack.use(await createTarget())
  const tasks = Array.from({ length: 400 }, (_none, i) => ({ id: String(i + 1) }))
  const platform = stack.use(await createPlatform(tasks))
  const gate = join(folder, 'go-on')
  const settings: SettingsInput = {
    defaults: { platformRepositoryUrl: platform.url },
    services: Object.fromEntries(['auth', 'trader', 'load'].map((name) => [name, { repositoryUrl: target.url }])),
    agents: {
      quick: { adapter: 'command', command: scriptedAgentCommand([{ do: 'write', path: 'a.txt', text: 'a\n' }]) },
      patient: {
        adapter: 'command',
        command: scriptedAgentCommand([
          { do: 'write', path: 'b.txt', text: 'b\n' },
          { do: 'say', text: 'half way' },
          { do: 'await', path: gate },
        ]),
      },
    },
    channels: { webhooks: [{ name: 'team', url: sink.url }] },
  }
  const owned = stack.move()
  return {
    folder,
    settings,
    sink,
    target,
    goOn: async () => await writeFile(gate, ''),
    start: async (name) => {
      const own = join(folder, name)
      await mkdir(own, { recursive: true })
      return await startInstallation(settings, { folder: own })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function backUp({ stateDirectory }: Installation, folder: string, ...more: string[]): Promise<BackupManifest> {
  const ran = await runCli(['backup', folder, '--state-dir', stateDirectory, '-o', 'json', ...more])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  return BackupManifest.parse(JSON.parse(ran.stdout))
}

const restoreTo = async (stateDirectory: string, folder: string) =>
  await runCli(['restore', folder, '--state-dir', stateDirectory])

const toldIds = ({ received }: WebhookSink): string[] => received.map(({ body }) => TOLD.parse(body).id)

/** Submits until it is told to end. @returns the names that were accepted */
async function submitOn({ api }: Installation, ended: AbortSignal): Promise<string[]> {
  const accepted: string[] = []
  for (let id = 100; !ended.aborted && id < 400; id += 1) {
    accepted.push((await api.submit({ service: 'load', taskId: String(id), agent: 'patient' })).attempt)
  }
  return accepted
}

/** What nobody may ever see change. */
const facts = ({
  name,
  phase,
  reason,
  result,
  submittedAt,
  startedAt,
  finishedAt,
  sequence,
  lastSequence,
}: AttemptView) => {
  return { name, phase, reason, result, submittedAt, startedAt, finishedAt, sequence, lastSequence }
}

async function readEpoch(installation: Installation, service: string): Promise<Epoch> {
  return Epoch.parse(JSON.parse(await readFile(join(installation.workspace(service), 'tasks/epoch'), 'utf8')))
}

describe('a backup', { timeout: 180_000 }, () => {
  it('is taken while submits go on, and brings everything back in another directory', async () => {
    await using site = await createSite()
    const backup = join(site.folder, 'backups', 'one')
    const before = await site.start('a')
    const key = { 'idempotency-key': 'monday' }
    const { attempt: quick } = await before.api.submit({ service: 'auth', taskId: '1', agent: 'quick' }, key)
    await before.api.finished(quick)
    const { attempt: running } = await before.api.submit({ service: 'trader', taskId: '2', agent: 'patient' })
    await before.api.until(running, ({ lastText }) => lastText === 'half way')
    const { attempt: waiting } = await before.api.submit({ service: 'trader', taskId: '3', agent: 'quick' })
    const tokens = await makeTokens(site, before)
    await expect.poll(() => toldIds(site.sink).length, WAIT).toBe(6)
    const known = (await before.api.attempts('service=auth')).map(facts)

    const enough = new AbortController()
    const submitting = submitOn(before, enough.signal)
    await expect
      .poll(async () => (await before.api.attempts('service=load&limit=200')).length, WAIT)
      .toBeGreaterThan(20)
    const surely = (await before.api.attempts('service=load&limit=200')).map(({ name }) => name)
    const told = new Set(toldIds(site.sink))
    const manifest = await backUp(before, backup, '--with-logs')
    enough.abort()
    const accepted = await submitting
    expect(accepted.length).toBeGreaterThan(surely.length)
    expect(manifest).toMatchObject({ generation: 1, logs: { included: true, files: 1 } })
    expect((await stat(backup)).mode & 0o777).toBe(0o700)
    expect((await stat(join(backup, 'tokens.ndjson.gz'))).mode & 0o777).toBe(0o600)

    const stateB = join(site.folder, 'b', 'state')
    expect(await restoreTo(stateB, backup)).toMatchObject({ code: 1, stderr: expect.stringContaining('still runs') })
    await before[Symbol.asyncDispose]()
    await endRunners(before.stateDirectory)
    const restored = await restoreTo(stateB, backup)
    expect(restored).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('as generation 2') })

    await using after = await site.start('b')
    expect((await after.api.attempts('service=auth')).map(facts)).toEqual(known)
    expect((await after.api.lines(quick)).length).toBeGreaterThan(3)
    const names = (await after.api.attempts('service=load&limit=200')).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(surely))

    const again = await after.api.submit({ service: 'auth', taskId: '1', agent: 'quick' }, key)
    expect(again).toMatchObject({ attempt: quick, repeated: true })
    const second = await after.api.retry({ service: 'auth', taskId: '1' }, { guidance: 'Once more.' })
    expect(second).toMatchObject({ n: 2, repeated: false })
    await after.api.finished(second.attempt)
    expect(await readEpoch(after, 'auth')).toMatchObject({ generation: 2 })
    expect(existsSync(join(after.workspace('auth'), 'tasks/master-1/attempt-2-g2/result.json'))).toBe(true)

    const lost = await after.api.finished(running)
    expect(lost).toMatchObject({ phase: 'Unknown', reason: 'WorkloadLost' })
    expect(lost.message).toContain('the ledger was restored from a backup')
    expect(await after.api.finished(waiting)).toMatchObject({ phase: 'Succeeded' })

    for (const [token, code] of tokens) {
      const asked = await runCli(['task', 'list', '--server', after.url, '--token-file', token])
      expect({ token, code: asked.code }).toEqual({ token, code })
    }
    // What happened since is told; nothing that was told before is told again.
    expect(told.size).toBeGreaterThan(20)
    await expect
      .poll(() => site.sink.received.map(({ body }) => TOLD.parse(body).data.name), WAIT)
      .toContain(second.attempt)
    const counts = Map.groupBy(
      toldIds(site.sink).filter((id) => told.has(id)),
      (id) => id,
    )
    expect([...counts.values()].filter(({ length }) => length > 1)).toEqual([])
  })

  it('lets attempts go on that run where it is restored, and fences what it does not know', async () => {
    await using site = await createSite()
    const backup = join(site.folder, 'one')
    const installation = await site.start('a')
    const { attempt: running } = await installation.api.submit({ service: 'trader', taskId: '2', agent: 'patient' })
    await installation.api.until(running, ({ lastText }) => lastText === 'half way')
    await backUp(installation, backup)
    const { attempt: later } = await installation.api.submit({ service: 'auth', taskId: '4', agent: 'patient' })
    await installation.api.until(later, ({ lastText }) => lastText === 'half way')

    await installation.kill()
    await stopBroker(installation)
    await rm(join(installation.stateDirectory, 'broker'), { recursive: true })
    expect(await restoreTo(installation.stateDirectory, backup)).toMatchObject({ code: 0 })
    await installation.start()
    await using _ = installation
    const { api } = installation
    await api.until(running, ({ phase }) => phase === 'Running')

    // The number was given after the backup, and nobody knows: the workspace does.
    const same = await api.submit({ service: 'auth', taskId: '4', agent: 'quick' })
    expect(same).toMatchObject({ attempt: later.replace('patient', 'quick'), n: 1 })
    expect(await api.finished(same.attempt)).toMatchObject({ phase: 'Failed', reason: 'WorkspaceConflict' })
    await site.goOn()
    expect(await api.finished(running)).toMatchObject({ phase: 'Succeeded' })
    expect((await api.lines(running)).length).toBeGreaterThan(3)
    const next = await api.retry({ service: 'auth', taskId: '4' }, { guidance: 'Again.' })
    expect(await api.finished(next.attempt)).toMatchObject({ n: 2, phase: 'Succeeded' })
    expect(await readEpoch(installation, 'auth')).toMatchObject({ generation: 2 })
  })
})

async function stopBroker({ stateDirectory }: Installation): Promise<void> {
  const { readdir } = await import('node:fs/promises')
  const pids = (await readdir(join(stateDirectory, 'broker/run'))).map((name) => Number(/_(\d+)\./.exec(name)?.[1]))
  for (const pid of pids) {
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => existsSync(`/proc/${pid}`), WAIT).toBe(false)
  }
}

/** Files with tokens, and how the command line ends with each after the restore. */
async function makeTokens({ folder }: Site, { url }: Installation): Promise<readonly [string, number][]> {
  const make = async (name: string): Promise<string> => {
    const { stdout } = await runCli(['tokens', 'create', name, '--scope', 'read', '--server', url])
    const file = join(folder, `${name}.token`)
    await appendFile(file, stdout)
    return file
  }
  const made: [string, number][] = [
    [await make('alice'), 0],
    [await make('mallory'), 2],
  ]
  expect(await runCli(['tokens', 'revoke', 'mallory', '--server', url])).toMatchObject({ code: 0 })
  return made
}
