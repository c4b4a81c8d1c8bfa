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
} from '@orchestrator/shared/service'
import type { SubmitterConfig } from './config.ts'
import type { Api } from './http/api.ts'
import { registerAttemptRoutes } from './http/attempt-routes.ts'
import { registerDeadLetterRoutes } from './http/dead-letter-routes.ts'
import { registerHealthRoutes } from './http/health-routes.ts'
import { registerLogRoutes } from './http/log-routes.ts'
import { registerRebuildRoutes } from './http/rebuild-routes.ts'
import { createHttpServer, type HttpServer, portOf } from './http/server.ts'
import { registerTaskRoutes } from './http/task-routes.ts'
import { registerWorkspaceRoutes } from './http/workspace-routes.ts'
import { createLedgerRoom } from './ledger-room.ts'
import { createDirectoryArchive, NO_ARCHIVE } from './log-archive.ts'
import { createRebuild } from './rebuild.ts'
import { createRecentBranches } from './recent-branches.ts'
import { createRelease } from './release.ts'
import { createStop } from './stop.ts'
import { createSubmit } from './submit.ts'
import { createView } from './view/view.ts'
import { createWorkspaces } from './workspaces.ts'

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
  const view = stack.use(createView({ file: config.VIEW_FILE, streams, broker, clock, logger }))
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  loops.start('view', (signal) => view.follow(signal))
  const room = createLedgerRoom({ ledger, unfinished: () => view.queries.live(), clock })
  loops.start('ledger', (signal) => room.refresh(signal))

  const documents = await openDocuments(broker, 'workspaces', WorkspaceDocument)
  const notices = createNotices(broker)
  const rebuild = stack.use(createRebuild({ ledger, notices, view, replica: replicaOf(config), newId: randomUUID }))
  const now = (): Date => clock.now()
  const health = (): Health => {
    const connection = broker.connected ? 'ok' : 'disconnected'
    return healthOf({ broker: connection, filled: view.current ? 'ok' : 'the view is being filled', ...loops.checks() })
  }
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
    workspaces: createWorkspaces({ ledger, documents, queries: () => view.queries }),
    logs: createLogs(broker),
    deadLetters: createDeadLetters(broker),
    archive: config.ARCHIVE_DIR === undefined ? NO_ARCHIVE : createDirectoryArchive(config.ARCHIVE_DIR),
    broker,
    generation: () => ledger.generation,
    health,
    clock,
    logger,
    closing: closing.signal,
    signal: stop.signal,
  }
  stack.defer(() => stop.abort(stopping()))
  const server = await serve(api, config)
  stack.defer(() => server.close())
  // Logs that a client follows would keep the server open.
  stack.defer(() => closing.abort(stopping()))
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${portOf(server)}`
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

async function serve(api: Api, { HOST, PORT }: SubmitterConfig): Promise<HttpServer> {
  const { logger, closing } = api
  const server = createHttpServer({ host: HOST, logger, closing, onFailure: (error) => api.view.noteFailure(error) })
  registerTaskRoutes(server, api)
  registerAttemptRoutes(server, api)
  registerLogRoutes(server, api)
  registerWorkspaceRoutes(server, api)
  registerRebuildRoutes(server, api)
  registerDeadLetterRoutes(server, api)
  registerHealthRoutes(server, api)
  try {
    await server.listen({ host: HOST, port: PORT })
  } catch (cause) {
    throw new TerminalError('CONFIG_INVALID', `cannot listen on HOST=${HOST} PORT=${PORT}: ${describeError(cause)}`, {
      cause,
    })
  }
  return server
}
