import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Attempt, createClient } from '@orchestrator/client'
import type { Settings } from '@orchestrator/shared/contracts'
import type { z } from 'zod'
import type { DemoAgent } from './agents/agent.ts'
import { type Commands, createCommands } from './commands.ts'
import { createRepository, type DemoRepository, git, PLATFORM_FILES, TARGET_FILES } from './repositories.ts'
import { startWebhookListener, type Told, type WebhookListener } from './webhook-listener.ts'

export interface DemoOptions {
  /** An empty folder of its own. */
  readonly directory: string
  readonly agent: DemoAgent
  readonly program: string
  readonly print: (line: string) => void
  readonly signal: AbortSignal
}

const GUIDANCE = 'Half a cent is rounded up: use Math.round, and run the tests before you say that you are done.'
const AGENT = 'claude-agent-1'

/** One service, two tasks, three attempts: what a first day with the system looks like. False when something went otherwise. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { directory, agent, print } = options
  const since = performance.now()
  for (const line of agent.introduction) print(line)

  await using stack = new AsyncDisposableStack()
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const listener = stack.use(await startWebhookListener(secret))
  const { target, settingsFile } = await prepare(directory, { agent, listener, secret })
  heading(print, `A platform repository with two documented tasks, and a service to work on, in ${directory}`)
  print((await git(target.path, 'log', '--oneline', '--name-status', 'main')).trimEnd())

  const commands = createCommands({ ...options, stateDirectory: join(directory, 'state') })
  const { url } = stack.use(await commands.up('--config', settingsFile, '--port', '0'))
  const { asExpected, attempts: made } = await work(commands, options)
  await toldOf(listener, made, options.signal)
  const { attempts } = await createClient({ url, signal: options.signal }).listAttempts({
    query: { service: 'trader' },
  })
  await report({ attempts, target, told: listener.told, print })
  print(`\n${made} attempts, two branches, ${Math.round(performance.now() - since) / 1000} s in all.`)
  return asExpected && listener.told.every(({ signed }) => signed)
}

interface Worked {
  readonly asExpected: boolean
  readonly attempts: number
}

async function work(commands: Commands, { agent, print }: DemoOptions): Promise<Worked> {
  heading(
    print,
    agent.isScripted
      ? 'Task 1. The first draft forgets to round; the agent says "Done", the gate says no'
      : 'Task 1. The gate decides, whatever the agent says',
  )
  const first = await commands.show('task', 'submit', 'trader', '1', '--wait')
  await commands.show('task', 'status', 'trader', '1')
  if (first === 0) heading(print, 'It passed at once: there is nothing for a person to answer')
  else heading(print, 'A person reads the brief and answers with guidance: a new attempt on the same branch')
  const second =
    first === 0 ? undefined : await commands.show('task', 'retry', 'trader', '1', '--guidance', GUIDANCE, '--wait')
  heading(print, 'Task 2 in a working directory of its own; workspace and repository are kept, the branch is new')
  const third = await commands.show('task', 'submit', 'trader', '2', '--working-directory', 'trading-engine', '--wait')
  const passed = (second ?? first) === 0 && third === 0
  return { asExpected: passed && !(agent.isScripted && first !== 1), attempts: second === undefined ? 2 : 3 }
}

interface Preparation {
  readonly agent: DemoAgent
  readonly listener: WebhookListener
  readonly secret: string
}

async function prepare(
  directory: string,
  { agent, listener, secret }: Preparation,
): Promise<{ target: DemoRepository; settingsFile: string }> {
  await mkdir(join(directory, 'repositories'), { recursive: true })
  const platform = await createRepository(join(directory, 'repositories', 'platform.git'), PLATFORM_FILES)
  const target = await createRepository(join(directory, 'repositories', 'trader.git'), TARGET_FILES)
  const secretFile = join(directory, 'webhook-secret')
  await writeFile(secretFile, secret, { mode: 0o600 })
  const settings = {
    defaults: {
      platformRepositoryUrl: platform.url,
      agent: AGENT,
      ...(agent.limits !== undefined && { limits: agent.limits }),
    },
    services: { trader: { repositoryUrl: target.url } },
    agents: { [AGENT]: agent.settings },
    channels: { webhooks: [{ name: 'team', url: listener.url, secretFile }] },
  } satisfies z.input<typeof Settings>
  const settingsFile = join(directory, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings, null, 2))
  return { target, settingsFile }
}

/** Telling comes after the verdict: gives the last message a moment to arrive. */
async function toldOf(listener: WebhookListener, finished: number, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
  while (listener.told.filter(({ type }) => type === 'attempt.finished').length < finished && !patience.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

interface Report {
  readonly attempts: readonly Attempt[]
  readonly target: DemoRepository
  readonly told: readonly Told[]
  readonly print: (line: string) => void
}

async function report({ attempts, target, told, print }: Report): Promise<void> {
  heading(print, 'What is on the branches')
  print((await git(target.path, 'log', '--all', '--graph', '--format=%h %<(24,trunc)%an %s%d')).trimEnd())
  heading(print, 'What was proven, on a clean checkout of the pushed commit')
  for (const attempt of attempts.toReversed()) print(evidenceOf(attempt))
  heading(print, 'What the team was told, signatures checked')
  for (const { type, subject, phase, signed } of told)
    print(`${signed ? 'ok ' : 'BAD'} ${type.padEnd(18)} ${subject} ${phase ?? ''}`.trimEnd())
}

function evidenceOf(attempt: Attempt): string {
  const gates = attempt.result?.gates.map(
    ({ name, exitCode, durationMs }) => `${name}: exit ${exitCode ?? '-'}, ${Math.round(durationMs)} ms`,
  )
  const facts = [
    attempt.phase,
    attempt.reason,
    `commit ${attempt.result?.pushedSha?.slice(0, 7) ?? 'none'}`,
    ...(gates ?? []),
    tookOf(attempt),
  ]
  return `${attempt.name}: ${facts.filter((fact) => fact !== null).join(', ')}`
}

function tookOf({ submittedAt, finishedAt }: Attempt): string | null {
  return finishedAt === null
    ? null
    : `${(Date.parse(finishedAt) - Date.parse(submittedAt)) / 1000} s from submit to verdict`
}

function heading(print: (line: string) => void, text: string): void {
  print(`\n── ${text}`)
}
