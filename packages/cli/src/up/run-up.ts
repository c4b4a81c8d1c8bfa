import { createLogger, loadSettings } from '@orchestrator/shared/service'
import { keepAdminToken } from './admin-token.ts'
import { type Installation, startInstallation } from './installation.ts'
import { takeStateDirectory } from './state-directory.ts'

export interface UpOptions {
  /** Absolute. */
  readonly stateDirectory: string
  readonly settingsFile: string | undefined
  readonly port: number
  readonly host: string
  /** Names that requests may be sent to, besides the host. */
  readonly allowedHosts: readonly string[]
  readonly requireTokens: boolean
  /** Home of whoever runs it: agents and git without credentials of their own use what is there. */
  readonly loginHome: string | undefined
  readonly sshAgent: string | undefined
  readonly proxies: Readonly<Record<string, string>>
  /** Absolute. */
  readonly credentialsDirectory: string
  /** Absolute. */
  readonly templatesDirectory: string | undefined
  readonly logLevel: string
  /** Path or name of nats-server. */
  readonly brokerBinary: string
  /** Called once everything is up. */
  readonly onReady: (up: RunningUp) => Promise<void> | void
}

export interface RunningUp {
  readonly installation: Installation
  readonly stateDirectory: string
  readonly agents: readonly string[]
  /** Where tokens are required. */
  readonly tokenFile: string | undefined
}

/**
 * Runs broker and services until the signal aborts; then stops intake, drains and ends the broker. Attempts go on:
 * the next `up` on the same state directory finds them.
 */
export async function runUp(options: UpOptions, signal: AbortSignal): Promise<void> {
  const { port, host, allowedHosts } = options
  const settings = await loadSettings(options.settingsFile)
  const logger = createLogger({ name: 'up', level: options.logLevel, destination: process.stderr })
  await using stack = new AsyncDisposableStack()
  const state = stack.use(await takeStateDirectory(options.stateDirectory))
  const stateDirectory = state.path
  const tokenFile = options.requireTokens ? await keepAdminToken(stateDirectory) : undefined
  const door = { host, port, allowedHosts, adminTokenFile: tokenFile }
  const installation = stack.use(
    await startInstallation({
      stateDirectory,
      settings,
      door,
      brokerBinary: options.brokerBinary,
      loginHome: options.loginHome,
      sshAgent: options.sshAgent,
      proxies: options.proxies,
      credentialsDirectory: options.credentialsDirectory,
      templatesDirectory: options.templatesDirectory,
      logger,
      signal,
    }),
  )
  const { url } = installation
  await state.announce({ v: 1, url, pid: process.pid, ...(tokenFile === undefined ? {} : { tokenFile }) })
  await options.onReady({ installation, stateDirectory, agents: Object.keys(settings.agents), tokenFile })
  await Promise.race([untilAborted(signal), installation.failed])
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) return
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
