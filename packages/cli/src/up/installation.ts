import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLauncherApp } from '@orchestrator/launcher'
import { LauncherEnvironment } from '@orchestrator/launcher/config'
import { createNotifierApp } from '@orchestrator/notifier'
import { NotifierEnvironment } from '@orchestrator/notifier/config'
import type { Settings } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import type { EmbeddedBroker } from '@orchestrator/shared/nats'
import { type App, type AppContext, type Logger, parseConfig } from '@orchestrator/shared/service'
import { createSubmitterApp } from '@orchestrator/submitter'
import { SubmitterEnvironment } from '@orchestrator/submitter/config'
import { createWatcherApp } from '@orchestrator/watcher'
import { WatcherEnvironment } from '@orchestrator/watcher/config'
import { limitVariables } from './limit-variables.ts'
import { superviseBroker, type SupervisedBroker } from './supervised-broker.ts'

/** Where the HTTP API listens, and for whom. */
export interface Door {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly allowedHosts: readonly string[]
  /** Undefined: no tokens are required. */
  readonly adminTokenFile: string | undefined
}

export interface InstallationOptions {
  readonly stateDirectory: string
  readonly settings: Settings
  /** Home of the person whose agent logins, git helpers and SSH keys attempts may use. */
  readonly loginHome: string | undefined
  /** Socket of that person's SSH agent. */
  readonly sshAgent: string | undefined
  /** Of the network; git uses them. */
  readonly proxies: Readonly<Record<string, string>>
  /** Absolute: tokens and keys of git. */
  readonly credentialsDirectory: string
  /** Goes before the templates that come along. */
  readonly templatesDirectory: string | undefined
  readonly door: Door
  /** Path of nats-server. */
  readonly brokerBinary: string
  readonly logger: Logger
  /** Ends the start when aborted. */
  readonly signal: AbortSignal
}

/** Broker and the four services in one process: the same `app.ts`s that run alone in production. */
export interface Installation extends AsyncDisposable {
  readonly url: string
  readonly brokerPid: number
  /** True when a broker of an earlier start was still running and goes on. */
  readonly brokerAdopted: boolean
  readonly apps: readonly App[]
  /** Rejects when one of the services has died for good. */
  readonly failed: Promise<never>
}

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  await using stack = new AsyncDisposableStack()
  const supervised = stack.use(await startBroker(options))
  const broker = supervised.first
  const environment = environmentFor(options, {
    broker,
    passwordFile: await writePassword(options.stateDirectory, broker),
  })
  const context = <C>(name: string, config: C): AppContext<C> => {
    return { config, settings: options.settings, logger: options.logger.child({ name }), clock: systemClock }
  }
  const submitter = stack.use(
    await createSubmitterApp(context('submitter', parseConfig(SubmitterEnvironment, environment))),
  )
  const others: App[] = [
    stack.use(await createNotifierApp(context('notifier', parseConfig(NotifierEnvironment, environment)))),
    stack.use(await createWatcherApp(context('watcher', parseConfig(WatcherEnvironment, environment)))),
    stack.use(await createLauncherApp(context('launcher', parseConfig(LauncherEnvironment, environment)))),
  ]
  const apps = [submitter, ...others]
  const started = stack.move()
  return {
    url: submitter.url,
    brokerPid: broker.pid,
    brokerAdopted: broker.adopted,
    apps,
    failed: Promise.race([supervised.failed, ...apps.map((app) => app.failed)]),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

async function startBroker({
  stateDirectory,
  brokerBinary,
  logger,
  signal,
}: InstallationOptions): Promise<SupervisedBroker> {
  return await superviseBroker({ directory: join(stateDirectory, 'broker'), binary: brokerBinary, logger, signal })
}

/** Services take the password from a file, here as everywhere. */
async function writePassword(stateDirectory: string, broker: EmbeddedBroker): Promise<string> {
  const file = join(stateDirectory, 'broker.password')
  await writeFile(file, `${broker.password}\n`, { mode: 0o600 })
  return file
}

/** The same variables that each service reads when it runs alone. */
function environmentFor(
  options: InstallationOptions,
  { broker, passwordFile }: { readonly broker: EmbeddedBroker; readonly passwordFile: string },
): Record<string, string> {
  const { door } = options
  return {
    NATS_URL: broker.url,
    NATS_USER: broker.user,
    NATS_PASSWORD_FILE: passwordFile,
    STATE_DIR: options.stateDirectory,
    ARCHIVE_DIR: join(options.stateDirectory, 'archive'),
    VIEW_FILE: join(options.stateDirectory, 'view.sqlite'),
    HOST: door.host,
    PORT: String(door.port),
    ALLOWED_HOSTS: door.allowedHosts.join(','),
    ...(door.adminTokenFile !== undefined && { REQUIRE_TOKENS: 'true', ADMIN_TOKEN_FILE: door.adminTokenFile }),
    ...(options.loginHome !== undefined && { AGENT_LOGIN_HOME: options.loginHome, GIT_USER_HOME: options.loginHome }),
    ...(options.sshAgent !== undefined && { GIT_SSH_AUTH_SOCK: options.sshAgent }),
    ...options.proxies,
    CREDENTIALS_DIR: options.credentialsDirectory,
    ...(options.templatesDirectory !== undefined && { TEMPLATES_DIR: options.templatesDirectory }),
    ...limitVariables(options.settings.limits),
  }
}
