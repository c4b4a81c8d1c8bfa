/** Every door carries a task from submit to finished, each for somebody of their own. */
import { execFile, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '@orchestrator/client'
import { AttemptView, isTerminal } from '@orchestrator/shared/contracts'
import { scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { CLAUDE, sayWhenSkipped } from './support/agent-site.ts'
import { type Installation, runCli, startInstallation } from './support/installation.ts'
import { connectClient, type Lead, readAnnounced, startClaudeLead } from './support/mcp-lead.ts'
import { createPlatform, createTarget, fileGate } from './support/repositories.ts'

sayWhenSkipped('Claude Code', CLAUDE, 'scripts/claude')

const HAS_CURL = spawnSync('curl', ['--version']).status === 0
if (!HAS_CURL) process.stderr.write('Skipped: the door of curl, which is not installed.\n')

const run = promisify(execFile)

const AGENT = 'claude-agent-1'
const PATIENCE = { timeout: 30_000, interval: 100 }
const OPERATIONS = join(import.meta.dirname, '../docs/operations.md')

/** Who comes by a door, and with what. */
interface Comer {
  readonly installation: Installation
  /** The one task of this service is theirs. */
  readonly service: string
  /** A folder of their own; it holds `<name>.token`. */
  readonly directory: string
  readonly token: string
  readonly tokenFile: string
}

interface Door {
  /** Of the token. */
  readonly name: string
  readonly service: string
  /** As the ledger calls the way. */
  readonly by: 'http' | 'cli' | 'mcp'
  /** @returns what they were told of the attempt when it had ended */
  readonly carry: (comer: Comer) => Promise<unknown>
}

async function onceEnded(look: () => Promise<AttemptView>): Promise<AttemptView> {
  return await vi.waitFor(async () => {
    const view = await look()
    expect(isTerminal(view.phase)).toBe(true)
    return view
  }, PATIENCE)
}

/** The commands that the documentation gives, in a shell. */
async function byCurl({ installation, directory }: Comer): Promise<unknown> {
  const [, commands = ''] = /^With `curl`[^`]*```sh\n([\s\S]*?)```/m.exec(await readFile(OPERATIONS, 'utf8')) ?? []
  const env = { PATH: process.env['PATH'] ?? '', ORCHESTRATOR_URL: installation.url }
  const inShell = async (script: string): Promise<string> =>
    (await run('sh', ['-euc', script], { cwd: directory, env })).stdout
  const stdout = await inShell(commands)
  expect(stdout).toContain('"kind":"end"')
  // A log is complete a moment before the verdict: the last command may be given again.
  const last = commands.slice(commands.lastIndexOf('\ncurl'))
  return await onceEnded(async () => AttemptView.parse(JSON.parse(await inShell(last))))
}

async function byTypedClient({ installation, service, token }: Comer): Promise<unknown> {
  const client = createClient({ url: installation.url, token })
  const { attempt } = await client.submitTask({ body: { service, taskId: 1 } })
  for await (const line of client.logs(attempt, { follow: true })) if (line.kind === 'end') break
  return await onceEnded(async () => AttemptView.parse(await client.getAttempt({ path: { name: attempt } })))
}

async function byCommandLine({ installation, service, tokenFile }: Comer): Promise<unknown> {
  const server = ['--server', installation.url, '--token-file', tokenFile]
  const submitted = await runCli(['task', 'submit', service, '1', '--wait', ...server])
  expect(submitted).toMatchObject({ code: 0, stdout: expect.stringContaining('Succeeded') })
  return JSON.parse((await runCli(['task', 'status', service, '1', '-o', 'json', ...server])).stdout)
}

/** The tools over HTTP, as `up` announces them. */
const byTools =
  (start: typeof connectClient) =>
  async ({ installation, service, directory, token }: Comer): Promise<unknown> => {
    const announced = readAnnounced(installation.output(), 'http')
    await using lead: Lead = await start({ announced, cwd: directory, token })
    await lead.ask({
      says: `Start task 1 of ${service}.`,
      tool: 'submit_implementation_task',
      given: { task_id: 1, service },
    })
    const wait = { service, timeout_seconds: 60 }
    const { facts } = await lead.ask({ says: 'How did it end?', tool: 'wait_for_task', given: wait })
    return z.looseObject({ attempt: z.looseObject({}) }).parse(facts).attempt
  }

const DOORS: readonly Door[] = [
  ...(HAS_CURL ? [{ name: 'alice', service: 'trader', by: 'http', carry: byCurl } as const] : []),
  { name: 'program', service: 'payments', by: 'http', carry: byTypedClient },
  { name: 'bob', service: 'auth', by: 'cli', carry: byCommandLine },
  { name: 'assistant', service: 'orders', by: 'mcp', carry: byTools(connectClient) },
  ...(CLAUDE === undefined
    ? []
    : [{ name: 'carol', service: 'search', by: 'mcp', carry: byTools(startClaudeLead) } as const]),
]

it(`${DOORS.length} doors carry a task from submit to finished, and the ledger names who came by each`, async () => {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await createPlatform([{ id: '1', gates: [fileGate('done.txt', 'done')] }]))
  const services = await Promise.all(
    DOORS.map(async ({ service }) => [service, { repositoryUrl: stack.use(await createTarget()).url }] as const),
  )
  const agent = scriptedAgentCommand([{ do: 'write', path: 'done.txt', text: 'done\n' }])
  const installation = stack.use(
    await startInstallation(
      {
        defaults: { platformRepositoryUrl: platform.url, agent: AGENT },
        services: Object.fromEntries(services),
        agents: { [AGENT]: { adapter: 'command', command: agent } },
      },
      { args: ['--require-tokens'] },
    ),
  )
  const here = ['--state-dir', installation.stateDirectory]

  const come = async ({ name, service, carry }: Door): Promise<void> => {
    await using folder = await temporaryDirectory()
    const made = await runCli(['tokens', 'create', name, '--scope', 'read', 'submit', '--service', service, ...here])
    const tokenFile = join(folder.path, `${name}.token`)
    await writeFile(tokenFile, made.stdout, { mode: 0o600 })
    const attempt = `${service}-${AGENT}-task1-attempt1`
    const comer = { installation, service, directory: folder.path, token: made.stdout.trim(), tokenFile }
    const told = await carry(comer)
    expect([name, told]).toMatchObject([name, { name: attempt, phase: 'Succeeded', reason: 'GatesPassed' }])
    expect(installation.output()).not.toContain(comer.token)
  }
  await Promise.all(DOORS.map(come))

  const { stdout } = await runCli(['task', 'list', '-o', 'json', ...here])
  const { tasks } = z.object({ tasks: z.array(z.object({ latest: AttemptView })) }).parse(JSON.parse(stdout))
  const audit = tasks.map(({ latest }) => [latest.service, latest.requestedBy] as const)
  const expected = DOORS.map(({ service, by, name }) => [service, { door: by, caller: name }] as const)
  expect(Object.fromEntries(audit)).toEqual(Object.fromEntries(expected))
}, 120_000)
