/** Secrets in some sixty ways, each with one of its own, and then a look at everything that is kept, shown or sent. */
import { randomBytes } from 'node:crypto'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createGitRemote, startWebhookSink, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from './support/installation.ts'
import { variableOf, type Way, WAYS } from './support/leaks.ts'
import { createPlatform } from './support/repositories.ts'

const random = (): string => randomBytes(10).toString('hex')
const secretOf = ({ special }: Way): string => (special ? `Qx${random()}"&+/=${random()}` : `Qx${random()}${random()}`)

interface Planted {
  readonly way: string
  readonly secret: string
  /** Any of them gives it away. */
  readonly needles: readonly string[]
}

function plant(): readonly Planted[] {
  return Object.entries(WAYS).map(([way, facts]) => {
    const secret = secretOf(facts)
    const forms = [secret, JSON.stringify(secret).slice(1, -1), facts.shown?.(secret) ?? secret]
    return { way, secret, needles: [...new Set(forms.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]))] }
  })
}

/** Repositories are the agent's to write. */
const REPOSITORIES = /^(?:push\/|workspaces\/[^/]+\/(?:target-repo|platform-repo)\/)/

async function* filesOf({ stateDirectory }: Installation): AsyncGenerator<{ place: string; text: string }> {
  for await (const entry of glob('**/*', { cwd: stateDirectory, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const place = path.slice(stateDirectory.length + 1)
    if (!entry.isFile() || REPOSITORIES.test(place)) continue
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    const whole = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes
    yield { place, text: whole.toString('latin1') }
  }
}

describe('secrets', () => {
  it('appear in no line, event, brief, message or file, whichever way an agent gives them away', async () => {
    await using directory = await temporaryDirectory()
    const planted = plant()
    expect(planted.length).toBeGreaterThanOrEqual(50)
    const credentials = planted.map(({ secret }, index) => ({
      name: variableOf(index),
      file: join(directory.path, `${index}`),
      secret,
    }))
    for (const { file, secret } of credentials) await writeFile(file, `${secret}\n`, { mode: 0o600 })
    const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`
    const secretFile = join(directory.path, 'webhook')
    await writeFile(secretFile, webhookSecret)
    const gate = {
      name: 'leaks',
      command: ['sh', '-c', 'cat gate-edge.txt gate-encoded.txt gate-out.txt; cat gate-error.txt >&2; exit 1'],
    }
    await using sink = await startWebhookSink()
    await using platform = await createPlatform([{ id: '1', gates: [gate] }])
    await using target = await createGitRemote({ files: { 'README.md': '# A service\n', 'trader/leak.test.ts': '' } })
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      services: { trader: { repositoryUrl: target.url } },
      agents: {
        'claude-agent-1': {
          adapter: 'command',
          command: [process.execPath, join(import.meta.dirname, 'support/leaking-agent.ts')],
          credentials: Object.fromEntries(credentials.map(({ name, file }) => [name, file])),
        },
      },
      channels: { webhooks: [{ name: 'team', url: sink.url, secretFile }] },
    })
    const { api } = installation
    const first = await api.finished((await api.submit({ service: 'trader', taskId: '1' })).attempt)
    expect(first).toMatchObject({ phase: 'Failed', reason: 'GateFailed' })
    // The agent did what it was there for, and all of it was seen.
    expect(first.result?.brief).toContain('the gate says [redacted]')
    expect(first.result?.brief).toContain('error: [redacted]')
    expect(first.lastText).toBe('Done with [redacted]')
    const second = await api.finished(
      (await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'Again.' })).attempt,
    )
    expect(second.phase).toBe('Failed')
    await expect.poll(() => sink.received.filter(({ text }) => text.includes('attempt.finished')).length).toBe(2)

    const shown = [
      { place: 'first view', text: JSON.stringify(first) },
      { place: 'second view', text: JSON.stringify(second) },
      { place: 'first log', text: JSON.stringify(await api.lines(first.name)) },
      { place: 'second log', text: JSON.stringify(await api.lines(second.name)) },
      { place: 'webhooks', text: sink.received.map(({ text }) => text).join('\n') },
      { place: 'output of up', text: installation.output() },
    ]
    for (const args of [
      ['logs', first.name],
      ['status', first.name],
      ['status', second.name],
    ]) {
      const { stdout, stderr } = await installation.cli('task', ...args)
      shown.push({ place: `task ${args.join(' ')}`, text: stdout + stderr })
    }
    const leaks = new Set<string>()
    const look = ({ place, text }: { place: string; text: string }): void => {
      for (const { way, needles } of planted)
        if (needles.some((needle) => text.includes(needle))) leaks.add(`${way} → ${place}`)
      if (text.includes(webhookSecret)) leaks.add(`the webhook's secret → ${place}`)
    }
    for (const each of shown) look(each)
    let files = 0
    for await (const file of filesOf(installation)) {
      files += 1
      look(file)
    }
    expect(files).toBeGreaterThan(20)
    expect([...leaks].toSorted()).toEqual([])
  })
  it('are refused where they would be written down, and not repeated in the refusal', async () => {
    await using platform = await createPlatform([{ id: '1' }])
    await using installation = await startInstallation({
      defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
      agents: { 'claude-agent-1': { adapter: 'command', command: ['true'] } },
    })
    const { api } = installation
    const secret = random()
    const token = `ghp_${random()}${random()}`
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----`
    const task = { service: 'trader', taskId: '1', repositoryUrl: 'https://example.com/x.git' }
    for (const [field, value] of [
      ['guidance', `Use ${token} for it.`],
      ['guidance', `This is the key:\n${key}`],
      ['repositoryUrl', `https://bob:${secret}@example.com/x.git`],
      ['repositoryUrl', `https://${secret}@example.com/x.git`],
      ['repositoryUrl', `https://example.com/x.git?access_token=${secret}`],
      ['platformRepositoryUrl', `https://x-access-token:${token}@example.com/x.git`],
    ] as const) {
      const problem = await api.refused('POST', '/v1/tasks', { ...task, [field]: value })
      expect(problem.errors?.map((error) => error.field)).toEqual([field])
      expect(JSON.stringify(problem)).not.toMatch(new RegExp(`${secret}|${token}`))
    }
    const plain = {
      ...task,
      guidance: 'Fix authorization: each endpoint checks it. postgres://me:me@localhost is fine.',
    }
    await expect(api.submit(plain)).resolves.toMatchObject({ attempt: expect.stringContaining('task1') })
    for await (const { place, text } of filesOf(installation))
      expect(text.includes(secret) || text.includes(token), place).toBe(false)
    expect(installation.output()).not.toMatch(new RegExp(`${secret}|${token}`))
  })
})
