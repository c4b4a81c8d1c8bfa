import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem, startFakeServer } from '@orchestrator/client/testing'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { findVersion, isAtLeast } from '../doctor/versions.ts'
import { type Ran, run } from '../testing/run.ts'

interface Setting extends AsyncDisposable {
  readonly path: string
  readonly state: string
  /** Puts a program on the PATH of the checks that says this. */
  readonly program: (name: string, says: string) => Promise<string>
  readonly doctor: (args?: readonly string[]) => Promise<Ran>
}

async function createSetting(): Promise<Setting> {
  const directory = await temporaryDirectory()
  const bin = join(directory.path, 'bin')
  await mkdir(bin)
  for (const name of ['git', 'sh'])
    await symlink(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(bin, name))
  const state = join(directory.path, 'state')
  return {
    path: directory.path,
    state,
    program: async (name, says) => {
      const file = join(bin, name)
      await writeFile(file, `#!/bin/sh\necho '${says}'\n`)
      await chmod(file, 0o755)
      return file
    },
    doctor: async (args = []) =>
      await run(['doctor', ...args], { environment: { PATH: bin, ORCHESTRATOR_STATE_DIR: state } }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

const lineOf = ({ out }: Ran, check: string): string | undefined =>
  out.split('\n').find((line) => line.includes(`${check}:`))

describe('doctor', () => {
  it('is content with a machine that has everything, before anything runs', async () => {
    await using setting = await createSetting()
    await setting.program('nats-server', 'nats-server: v2.15.1')
    await setting.program('flock', '')
    const ran = await setting.doctor()
    expect(ran.code).toBe(0)
    expect(ran.out).not.toContain('fail')
    expect(lineOf(ran, 'nats-server')).toContain('ok    nats-server: 2.15.1')
    expect(lineOf(ran, 'Server')).toContain('warn')
    expect(lineOf(ran, 'State directory')).toContain('will be made')
  })

  it('names what is missing or too old, with what to do, and fails', async () => {
    await using setting = await createSetting()
    await setting.program('nats-server', 'nats-server: v2.9.10')
    const ran = await setting.doctor()
    expect(ran.code).toBe(1)
    expect(ran.out).toContain(
      'fail  nats-server: 2.9.10 (nats-server) is too old\n      → install nats-server 2.10.27 or newer',
    )
    expect(lineOf(ran, 'flock')).toContain('warn')
  })

  it('finds a state directory that cannot be used', async () => {
    await using setting = await createSetting()
    await writeFile(setting.state, 'a file')
    expect((await setting.doctor(['--state-dir', '/proc/1/state'])).out).toContain('fail  State directory')
  })

  it('looks at the server, its readiness and what is wrong there', async () => {
    await using setting = await createSetting()
    let ready = true
    await using server = await startFakeServer(({ path }) =>
      path === '/v1/health'
        ? { json: { ready, services: [], missing: [] } }
        : {
            status: ready ? 200 : 503,
            json: { ready, checks: { broker: ready ? 'ok' : 'disconnected', view: 'ok' } },
          },
    )
    expect(lineOf(await setting.doctor(['--server', server.url]), 'Server')).toBe(
      `ok    Server: ${server.url} is ready`,
    )
    ready = false
    expect(lineOf(await setting.doctor(['--server', server.url]), 'Server')).toContain(
      'is not ready (broker: disconnected)',
    )
  })

  it('tells what is wrong with which service, and since when', async () => {
    await using setting = await createSetting()
    const service = (name: string, change: object = {}): object => ({
      service: name,
      replica: `host/${name}`,
      version: '1.0.0',
      startedAt: '2026-11-24T10:00:00.000Z',
      ready: true,
      broker: { address: '127.0.0.1:4222', version: '2.11.0', connected: true },
      checks: [],
      view: null,
      ...change,
    })
    const submitter = service('submitter', { view: { sequence: 7, lag: 2 } })
    let health: object = { ready: true, services: [service('launcher'), submitter], missing: [] }
    await using server = await startFakeServer(({ path }) =>
      path === '/v1/health' ? { json: health } : { json: { ready: true, checks: {} } },
    )
    const services = async (): Promise<unknown> => lineOf(await setting.doctor(['--server', server.url]), 'Services')
    expect(await services()).toBe(
      'ok    Services: launcher (since 2026-11-24T10:00:00.000Z), submitter (since 2026-11-24T10:00:00.000Z, its view 2 behind)',
    )
    const lost = { name: 'messages', state: 'gone\u001b[2J', since: '2026-11-24T10:20:00.000Z', lastProblem: null }
    health = {
      ready: false,
      services: [submitter, service('launcher', { ready: false, checks: [lost] })],
      missing: ['watcher'],
    }
    expect(await services()).toBe(
      String.raw`fail  Services: watcher: nobody answers; launcher (host/launcher): messages: gone\x1b[2J since 2026-11-24T10:20:00.000Z`,
    )
    health = { ready: true, services: [service('submitter', { view: { sequence: 7, lag: 5000 } })], missing: [] }
    expect(await services()).toContain('warn')
  })

  it('says with which token the services are seen', async () => {
    await using setting = await createSetting()
    await using server = await startFakeServer(({ path }) =>
      path === '/v1/health'
        ? problem(403, 'this needs a token with the scope operate')
        : { json: { ready: true, checks: {} } },
    )
    const { out } = await setting.doctor(['--server', server.url])
    expect(out).toContain('warn  Services: this needs a token with the scope operate\n')
  })

  it('checks the settings file, and what it names', async () => {
    await using setting = await createSetting()
    const agent = await setting.program('agent', '')
    const repository = join(setting.path, 'repository')
    execFileSync('git', ['init', '--quiet', '--bare', repository])
    const settings = join(setting.path, 'settings.json')
    await writeFile(
      settings,
      JSON.stringify({
        agents: {
          here: { adapter: 'command', command: [agent] },
          gone: { adapter: 'command', command: ['no-such-agent'] },
        },
        services: {
          trader: { repositoryUrl: `file://${repository}`, platformRepositoryUrl: `file://${setting.path}/nothing` },
        },
        toolman: { command: ['no-such-client'] },
        channels: { webhooks: [{ name: 'ci', url: 'http://127.0.0.1:1/', secretFile: join(setting.path, 'none') }] },
      }),
    )
    const ran = await setting.doctor(['--config', settings])
    expect(ran.code).toBe(1)
    expect(lineOf(ran, 'Settings')).toBe(`ok    Settings: ${settings}`)
    expect(lineOf(ran, 'Agent here')).toContain('ok')
    expect(lineOf(ran, 'Agent gone')).toBe('fail  Agent gone: no-such-agent is not found')
    expect(lineOf(ran, 'Tools')).toBe('fail  Tools: no-such-client is not found')
    expect(lineOf(ran, 'Webhook ci')).toContain('cannot be read')
    expect(lineOf(ran, `Repository file://${repository} (target, as here)`)).toContain('ok')
    expect(lineOf(ran, `Repository file://${setting.path}/nothing (platform, as here)`)).toContain('fail')
  })

  it('shows every fault of a settings file, and goes on', async () => {
    await using setting = await createSetting()
    const settings = join(setting.path, 'settings.json')
    await writeFile(settings, JSON.stringify({ agents: { x: {} }, wrong: 1 }))
    const ran = await setting.doctor(['--config', settings])
    expect(ran.code).toBe(1)
    expect(ran.out).toContain('fail  Settings')
    expect(ran.out).toContain('agents.x')
    expect(ran.out).toContain('wrong')
  })

  it('gives programs one line of JSON for each check', async () => {
    await using setting = await createSetting()
    const { out } = await setting.doctor(['-o', 'json'])
    const checks = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(checks).toContainEqual({ check: 'Settings', state: 'ok', text: 'no settings file: defaults' })
  })
})

it.each([
  ['nats-server: v2.10.27', '2.10.27', true],
  ['git version 2.39.5 (Apple Git-154)', '2.30.0', true],
  ['2.10.9', '2.10.27', false],
  ['24.9.0', '24.12.0', false],
  ['25.0', '24.12.0', true],
])('judges %s against %s', (text, minimum, enough) => {
  expect(isAtLeast(findVersion(text) ?? '0', minimum)).toBe(enough)
})
