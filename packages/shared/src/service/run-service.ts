import type { z } from 'zod'
import { describeError, OrchestratorError, systemClock } from '../core/index.ts'
import type { App, AppContext } from './app.ts'
import { type commonEnvironment, parseConfig } from './config.ts'
import { startHealthServer } from './health-server.ts'
import { createLogger, type Logger } from './logger.ts'
import { loadSettings } from './settings.ts'

type ServiceEnvironment = z.ZodObject<typeof commonEnvironment>

export interface ServiceDefinition<S extends ServiceEnvironment> {
  readonly name: string
  readonly environment: S
  readonly createApp: (context: AppContext<z.output<S>>) => Promise<App>
}

/** How long a service may take to drain before the process ends all the same. */
const DRAIN_DEADLINE_MS = 20_000

/** The whole life of a service's process: configuration, start, signals, drain, exit code. */
export async function runService<S extends ServiceEnvironment>(definition: ServiceDefinition<S>): Promise<void> {
  const signalled = nextSignal()
  try {
    const config = parseConfig(definition.environment, process.env)
    const logger = createLogger({ name: definition.name, level: config.LOG_LEVEL })
    await serve(definition, { config, logger, signalled })
    logger.info('stopped')
  } catch (error) {
    process.stderr.write(`${definition.name}: ${explain(error)}\n`)
    process.exitCode = 1
  }
}

interface Serving<S extends ServiceEnvironment> {
  readonly config: z.output<S>
  readonly logger: Logger
  readonly signalled: Promise<NodeJS.Signals>
}

async function serve<S extends ServiceEnvironment>(
  definition: ServiceDefinition<S>,
  serving: Serving<S>,
): Promise<void> {
  const { config, logger, signalled } = serving
  const { SETTINGS_FILE, HEALTH_PORT } = config as z.output<ServiceEnvironment>
  await using stack = new AsyncDisposableStack()
  const settings = await loadSettings(SETTINGS_FILE)
  const app = stack.use(await definition.createApp({ config, settings, logger, clock: systemClock }))
  if (HEALTH_PORT !== undefined) stack.use(await startHealthServer(HEALTH_PORT, () => app.health()))
  logger.info({ pid: process.pid }, 'started')
  const signal = await Promise.race([signalled, app.failed])
  logger.info({ signal }, 'stopping')
  setTimeout(() => process.exit(1), DRAIN_DEADLINE_MS).unref()
}

function nextSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  process.once('SIGTERM', resolve).once('SIGINT', resolve)
  return promise
}

/** Errors of ours speak for themselves; anything else is a bug and keeps its stack. */
function explain(error: unknown): string {
  if (error instanceof OrchestratorError)
    return error.message + (error.cause === undefined ? '' : ` (${describeError(error.cause)})`)
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
