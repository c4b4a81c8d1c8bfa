import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { newEventId, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { createKeyedQueue, describeError, shortHash, TerminalError } from '@orchestrator/shared/core'
import {
  type Broker,
  createDeadLetters,
  createLedger,
  createLogs,
  createNotices,
  createProgress,
  openDocuments,
} from '@orchestrator/shared/nats'
import {
  type App,
  type AppContext,
  createBackgroundLoops,
  type Health,
  healthOf,
  openBroker,
  reportHealth,
} from '@orchestrator/shared/service'
import packageJson from '../package.json' with { type: 'json' }
import type { SubmitterConfig } from './config.ts'
import { createHealthSurvey } from './health-survey.ts'
import { guardRoutes } from './http/access/guard.ts'
import { createGuardRates } from './http/access/rates.ts'
import type { Api } from './http/api.ts'
import { serviceOf } from './http/reading.ts'
import { registerRoutes } from './http/routes.ts'
import { createHttpServer, type HttpServer, portOf } from './http/server.ts'
import { createDirectoryArchive, NO_ARCHIVE } from './logs/log-archive.ts'
import { createRebuild } from './rebuild.ts'
import { createStop } from './stop.ts'
import { createLedgerRoom } from './submit/ledger-room.ts'
import { createRecentBranches } from './submit/recent-branches.ts'
import { createSubmit } from './submit/submit.ts'
import { type Access, openAccess } from './tokens/access.ts'
import { createView } from './view/view.ts'
import { createRelease } from './workspaces/release.ts'
import { createWorkspaces } from './workspaces/workspaces.ts'

export interface SubmitterApp extends App {
  /** Where it listens. */
  readonly url: string
}

const NAME = 'submitter'

/** Takes submits and answers queries. Any number may run at once, each with a view file of its own. */
export async function createSubmitterApp(context: AppContext<SubmitterConfig>): Promise<SubmitterApp> {
  const { config, settings, logger, clock } = context
  await using stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const closing = new AbortController()
  const broker = stack.use(await openBroker({ config, name: NAME, logger, signal: stop.signal }))
  const ledger = await createLedger(broker, { ledgerMaxBytes: config.LEDGER_MAX_BYTES })
  const streams = { ledger, progress: createProgress(broker) }
  const view = stack.use(
    createView({ file: config.VIEW_FILE, cacheMib: config.VIEW_CACHE_MIB, streams, broker, clock, logger }),
  )
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  loops.start('view', (signal) => view.follow(signal))
  const room = createLedgerRoom({ ledger, unfinished: () => view.queries.live(), clock })
  loops.start('ledger', (signal) => room.refresh(signal))

  const access = await openAccess({ broker, config, loops, clock })
  const documents = await openDocuments(broker, 'workspaces', WorkspaceDocument)
  const notices = createNotices(broker)
  const replica = replicaOf(config)
  const rebuild = stack.use(createRebuild({ ledger, notices, view, replica, newId: randomUUID }))
  const now = (): Date => clock.now()
  const health = (): Health => {
    const connection = broker.connected ? 'ok' : 'disconnected'
    const filled = view.current ? 'ok' : 'the view is being filled'
    const tokens = access.known.current ? 'ok' : 'tokens cannot be checked'
    return healthOf({ broker: connection, filled, ...loops.checks(), tokens })
  }
  const { version } = packageJson
  const viewSequence = (): number => view.sequence
  const own = stack.use(reportHealth({ service: NAME, replica, version, health, broker, clock, viewSequence }))
  const branches = createRecentBranches(() => view.sequence)
  const api: Api = {
    view,
    submit: createSubmit({
      settings,
      ledger,
      view,
      room,
      broker,
      queue: createKeyedQueue(),
      branches,
      now,
      newEventId,
    }),
    stop: createStop({ ledger, broker, now, newEventId }),
    release: createRelease({ ledger, workspaces: documents, broker, now, newEventId }),
    rebuild,
    tokens: access.tokens,
    workspaces: createWorkspaces({ ledger, documents, queries: () => view.queries }),
    ledger,
    logs: createLogs(broker),
    deadLetters: createDeadLetters(broker),
    archive: config.ARCHIVE_DIR === undefined ? NO_ARCHIVE : createDirectoryArchive(config.ARCHIVE_DIR),
    broker,
    generation: () => ledger.generation,
    health,
    survey: createHealthSurvey({ own, notices, ledger, broker }),
    clock,
    logger,
    closing: closing.signal,
    signal: stop.signal,
  }
  stack.defer(() => stop.abort(stopping()))
  const server = await serve(api, config, access)
  stack.defer(() => server.close())
  // Logs and events that a client follows would keep the server open.
  stack.defer(() => closing.abort(stopping()))
  const url = `http://${reachable(config.HOST)}:${portOf(server)}`
  logger.info({ url }, 'listening')
  const failed = Promise.race([loops.failed, lost(broker)])
  failed.catch(() => undefined) // whoever awaits it sees it; nobody has to
  const owned = stack.move()
  return { name: NAME, url, health, failed, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The same after a restart: no two replicas share a view. */
function replicaOf({ VIEW_FILE }: SubmitterConfig): string {
  return VIEW_FILE === ':memory:' ? randomUUID() : shortHash(`${hostname()}:${resolve(VIEW_FILE)}`, 12)
}

function stopping(): DOMException {
  return new DOMException('the submitter stops', 'AbortError')
}

/** Rejects when the connection to the broker is closed for good without having been asked. */
async function lost(broker: Broker): Promise<never> {
  const error = await broker.closed
  if (error !== undefined) throw error
  return await new Promise<never>(() => undefined)
}

/** For clients on this machine, where it listens on all addresses. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

async function serve(api: Api, config: SubmitterConfig, access: Access): Promise<HttpServer> {
  const { HOST, PORT, ALLOWED_HOSTS } = config
  const { logger, closing, clock } = api
  const server = createHttpServer({
    host: HOST,
    allowedHosts: ALLOWED_HOSTS,
    maxConnections: config.MAX_CONNECTIONS,
    logger,
    closing,
    onFailure: (error) => api.view.noteFailure(error),
  })
  guardRoutes(server, {
    ...access,
    rates: createGuardRates(config.TOKEN_REQUESTS_PER_SECOND, () => clock.monotonicMs()),
    now: () => clock.now(),
    serviceOfAttempt: async (name) => await serviceOf(api, name),
  })
  registerRoutes(server, api)
  try {
    await server.listen({ host: HOST, port: PORT })
  } catch (cause) {
    throw new TerminalError('CONFIG_INVALID', `cannot listen on HOST=${HOST} PORT=${PORT}: ${describeError(cause)}`, {
      cause,
    })
  }
  return server
}
