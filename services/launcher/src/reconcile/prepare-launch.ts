/** The whole order for a runner, from the ledger, the settings and the templates. */
import { join } from 'node:path'
import {
  type AgentOrder,
  type AgentSettings,
  type AttemptFile,
  type AttemptSpec,
  attemptFolder,
  attemptSubject,
  type EarlierAttempt,
  factsOfRepository,
  type GitCredentials,
  type Grant,
  type Settings,
  taskSubject,
  type TaskSubmitted,
  type ToolOrder,
} from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import type { Ledger } from '@orchestrator/shared/nats'
import type { Renderer } from '@orchestrator/shared/templates'
import { eventsOf, readAttempt } from '../memory/attempt-history.ts'
import type { LedgerMemory } from '../memory/ledger-memory.ts'
import type { LaunchOrder, Runtime } from '../runtimes/port.ts'

export interface LaunchPreparation {
  readonly ledger: Ledger
  readonly memory: Pick<LedgerMemory, 'submission'>
  readonly settings: Settings
  readonly renderer: Pick<Renderer, 'render'>
  readonly runtime: Pick<Runtime, 'workspaceDirectory'>
  /** Variables for the runner's git, never for the agent. */
  readonly gitEnvironment: Readonly<Record<string, string>>
  /** Where tokens and keys of git are. */
  readonly gitCredentials: Pick<GitCredentials, 'directory' | 'userHome'>
  /** Home of the person whose logins agents without credentials of their own may use; none away from a person's machine. */
  readonly loginHome: string | undefined
  readonly stopGraceMs: number
  readonly holdLimitMs: number
}

/** @throws TerminalError SETTINGS_INVALID (the agent is not configured), TEMPLATE_INVALID */
export async function prepareLaunch(
  preparation: LaunchPreparation,
  grant: Grant,
  signal: AbortSignal,
): Promise<LaunchOrder> {
  const { ledger, memory, runtime, renderer, settings } = preparation
  const agent = agentOrder(preparation, grant.agent)
  const { attempt: spec } = (await memory.submission(grant, signal)).data
  const earlier = await readEarlier(ledger, grant, signal)
  const workspaceDirectory = runtime.workspaceDirectory(spec.workspace)
  const folder = attemptFolder(grant, grant.epoch.generation)
  const { prompt, others } = renderer.render({ spec, earlier, workspaceDirectory, toolman: settings.toolman })
  const texts = [prompt, ...others].map(({ file, executable, text, isOfAttempt, destination }) => ({
    file,
    executable,
    text,
    destination: isOfAttempt ? `${folder}/${destination}` : destination,
  }))
  const attempt: AttemptFile = {
    v: 1,
    submittedId: grant.submittedId,
    spec,
    epoch: grant.epoch,
    workspaceDirectory,
    agent,
    files: texts.map(({ file, destination, executable }) => ({ file, destination, executable })),
    promptFile: prompt.file,
    earlier: [...earlier],
    tools: toolOrder(settings, spec.service),
    credentials: {
      gitEnvironment: { ...preparation.gitEnvironment },
      git: { ...preparation.gitCredentials, ...credentialReferences(settings, spec) },
      secretFiles: [...secretFilesOf(agent)],
    },
    stopGraceMs: preparation.stopGraceMs,
    holdLimitMs: preparation.holdLimitMs,
  }
  return { attempt, texts: Object.fromEntries(texts.map(({ file, text }) => [file, text])) }
}

/** Folders that the settings name for the repositories of the attempt. */
function credentialReferences(
  { repositories }: Settings,
  { platform, repository }: AttemptSpec,
): Pick<GitCredentials, 'platform' | 'target'> {
  const [ofPlatform, ofTarget] = [platform, repository].map(({ url }) => factsOfRepository(repositories, url))
  return {
    ...(ofPlatform !== undefined && { platform: ofPlatform.credential }),
    ...(ofTarget !== undefined && { target: ofTarget.credential }),
  }
}

function toolOrder({ toolman, defaults, services }: Settings, service: string): ToolOrder {
  const fallback = services[service]?.tools ?? defaults.tools ?? { remoteTools: [], localServers: {} }
  return { hasToolman: toolman !== undefined, fallback }
}

function agentOrder(
  { settings, loginHome }: Pick<LaunchPreparation, 'settings' | 'loginHome'>,
  agent: string,
): AgentOrder {
  const configured = settings.agents[agent]
  if (configured !== undefined) return toOrder(configured, loginHome)
  const known = Object.keys(settings.agents)
  const hint = known.length === 0 ? 'none is configured' : `configured: ${known.join(', ')}`
  throw new TerminalError(
    'SETTINGS_INVALID',
    `The agent "${agent}" is not in the settings file (${hint}). Add it under "agents" and restart the launcher, or submit with another agent.`,
  )
}

function toOrder(configured: AgentSettings, loginHome: string | undefined): AgentOrder {
  const { environment, credentials: credentialFiles } = configured
  if (configured.adapter === 'command')
    return { adapter: 'command', command: configured.command, environment, credentialFiles }
  const { adapter, program = adapter } = configured
  const usesLogin = loginHome !== undefined && Object.keys(credentialFiles).length === 0
  return {
    adapter,
    program,
    environment,
    credentialFiles,
    ...(usesLogin && { loginDirectory: join(loginHome, `.${adapter}`) }),
  }
}

/** What the agent is given to prove itself with must not appear in any line. */
function secretFilesOf(order: AgentOrder): readonly string[] {
  if (order.adapter === 'command') return Object.values(order.credentialFiles ?? {})
  const { credentialFiles, loginDirectory } = order
  const login = loginDirectory === undefined ? [] : [join(loginDirectory, LOGIN_FILES[order.adapter])]
  return [...Object.values(credentialFiles), ...login]
}

const LOGIN_FILES = { claude: '.credentials.json', codex: 'auth.json' } as const

async function readEarlier(ledger: Ledger, grant: Grant, signal: AbortSignal): Promise<readonly EarlierAttempt[]> {
  if (grant.n === 1) return []
  const { events } = await ledger.read(taskSubject(grant), signal)
  const before = eventsOf(events, 'task.submitted').filter(({ event }) => event.data.attempt.n < grant.n)
  return await Promise.all(before.map(({ event }) => readOne(ledger, event, signal)))
}

async function readOne(ledger: Ledger, { data }: TaskSubmitted, signal: AbortSignal): Promise<EarlierAttempt> {
  const { n, name, prompt } = data.attempt
  const { finished } = readAttempt(await ledger.read(attemptSubject(data.attempt), signal))
  const { phase = null, reason = null, message = null } = finished?.data ?? {}
  return { n, name, phase, reason, message, guidance: prompt.guidance ?? null, promptMode: prompt.mode }
}
