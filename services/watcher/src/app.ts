/** The watcher, put together: the ledger and the runtime say which attempts to watch, each is then watched by itself. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { CONTROL_SUBJECTS, LeaseDocument } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import {
  type Broker,
  createLedger,
  createLogs,
  createNotices,
  createProgress,
  openDocuments,
} from '@orchestrator/shared/nats'
import { createProcessTable, readMachineId } from '@orchestrator/shared/process'
import {
  type App,
  type AppContext,
  createBackgroundLoops,
  type Health,
  healthOf,
  openBroker,
  reportHealth,
  thisProcess,
} from '@orchestrator/shared/service'
import packageJson from '../package.json' with { type: 'json' }
import { createDirectoryArchive } from './archive/directory-archive.ts'
import { keepExpiring } from './archive/expiry.ts'
import { createAttemptWatch, type WatchWorld } from './attempt-watch.ts'
import type { WatcherConfig } from './config.ts'
import { createLease } from './lease.ts'
import type { Observer } from './observers/port.ts'
import { createProcessObserver } from './observers/process/process-observer.ts'
import { Turns } from './turns.ts'
import { WorkList } from './work-list.ts'

const NAME = 'watcher'
/** Each holds up to half a megabyte of lines meanwhile. */
const LOGS_AT_ONCE = 64
/** Each holds an open file until it has reached the disk. */
const ARCHIVED_AT_ONCE = 256
/** Nobody waits for a log in the archive: it is in the stream. */
const ARCHIVE_GATHER_MS = 200

/** Any number of replicas may run, also on one machine. */
export async function createWatcherApp(context: AppContext<WatcherConfig>): Promise<App> {
  const { config, logger, clock } = context
  await using stack = new AsyncDisposableStack()
  const starting = new AbortController()
  const broker = stack.use(await openBroker({ config, name: NAME, logger, signal: starting.signal }))
  const observer = await createObserver(config)
  const lease = createLease({
    documents: await openDocuments(broker, 'leases', LeaseDocument),
    key: `watcher.${observer.runtime}.${observer.location}`,
    holder: randomUUID(),
    clock,
    onChange: () => workList.leaseChanged(),
  })
  const archive = stack.use(
    createDirectoryArchive({
      directory: config.ARCHIVE_DIR ?? join(config.STATE_DIR, 'archive'),
      gatherMs: ARCHIVE_GATHER_MS,
    }),
  )
  const world: WatchWorld = {
    observer,
    ledger: await createLedger(broker),
    logs: createLogs(broker),
    progress: createProgress(broker),
    lease,
    clock,
    logger,
    lookIntervalMs: config.LOOK_INTERVAL_MS,
    logBytesPerAttempt: config.LOG_BYTES_PER_ATTEMPT,
    shipping: new Turns(LOGS_AT_ONCE),
    archive,
    archiving: new Turns(ARCHIVED_AT_ONCE),
    listed: () => workList.listed,
  }
  const workList = stack.use(new WorkList({ ...world, createWatch: (order) => createAttemptWatch(world, order) }))
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  loops.start('lease', (signal) => lease.keep(signal))
  loops.start('ledger', (signal) => workList.followLedger(signal))
  loops.start('runtime', (signal) => workList.sweepRuntime(signal))
  const maxAgeDays = config.ARCHIVE_MAX_AGE_DAYS
  loops.start('archive', (signal) => keepExpiring({ archive, maxAgeDays, clock, logger }, signal))
  // After a rebuild of the views nobody waits for the next news of an attempt.
  stack.use(createNotices(broker).listen(CONTROL_SUBJECTS.rebuild, () => workList.tellAgain()))
  const health = (): Health => healthOf({ broker: broker.connected ? 'ok' : 'disconnected', ...loops.checks() })
  stack.use(
    reportHealth({ service: NAME, replica: thisProcess(), version: packageJson.version, health, broker, clock }),
  )
  const running = stack.move()
  return {
    name: NAME,
    failed: Promise.race([loops.failed, lostBroker(broker)]),
    health,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

async function lostBroker({ closed }: Broker): Promise<never> {
  const cause = await closed
  if (cause === undefined) return await new Promise<never>(() => undefined)
  throw new RetryableError('BROKER_UNAVAILABLE', 'the connection to the broker is closed', { cause })
}

async function createObserver({ RUNTIME, STATE_DIR }: WatcherConfig): Promise<Observer> {
  switch (RUNTIME) {
    case 'process': {
      const location = await readMachineId(STATE_DIR)
      return createProcessObserver({ stateDirectory: STATE_DIR, location, processes: createProcessTable() })
    }
  }
}
