import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { LeaseDocument } from '@orchestrator/shared/contracts'
import {
  type Broker,
  connectBroker,
  createLedger,
  createLogs,
  createProgress,
  declareTopology,
  openDocuments,
} from '@orchestrator/shared/nats'
import { createProcessTable } from '@orchestrator/shared/process'
import { type App, type AppContext, createBackgroundLoops, healthOf } from '@orchestrator/shared/service'

import { createAttemptWatch, type WatchWorld } from './attempt-watch.ts'
import type { WatcherConfig } from './config.ts'
import { createLease } from './lease.ts'
import type { Observer } from './observers/port.ts'
import { readMachineId } from './observers/process/machine-id.ts'
import { createProcessObserver } from './observers/process/process-observer.ts'
import { WorkList } from './work-list.ts'

/** The start of a service is not interrupted: a signal ends its process. */
const UNSTOPPED = new AbortController().signal

export async function createWatcherApp(context: AppContext<WatcherConfig>): Promise<App> {
  const { config, logger, clock } = context
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await connect(context))
  await declareTopology(broker, {
    replicas: config.NATS_REPLICAS,
    ledgerMaxBytes: config.LEDGER_MAX_BYTES,
    signal: UNSTOPPED,
  })
  const ledger = await createLedger(broker)
  const observer = await createObserver(config)
  const lease = createLease({
    documents: await openDocuments(broker, 'leases', LeaseDocument),
    key: `watcher.${observer.runtime}.${observer.location}`,
    holder: randomUUID(),
    clock,
    onChange: () => workList.leaseChanged(),
  })
  const world: WatchWorld = {
    observer,
    ledger,
    logs: createLogs(broker),
    progress: createProgress(broker),
    lease,
    clock,
    logger,
    lookIntervalMs: config.LOOK_INTERVAL_MS,
    logBytesPerAttempt: config.LOG_BYTES_PER_ATTEMPT,
    listed: () => workList.listed,
  }
  const workList = stack.use(new WorkList({ ...world, createWatch: (order) => createAttemptWatch(world, order) }))
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  loops.start('lease', (signal) => lease.keep(signal))
  loops.start('ledger', (signal) => workList.followLedger(signal))
  loops.start('runtime', (signal) => workList.sweepRuntime(signal))
  const running = stack.move()
  return {
    name: 'watcher',
    health: () => healthOf({ broker: broker.connected ? 'ok' : 'disconnected', ...loops.checks() }),
    failed: loops.failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function connect({ config, logger }: AppContext<WatcherConfig>): Promise<Broker> {
  const file = config.NATS_PASSWORD_FILE
  const password = file === undefined ? undefined : (await readFile(file, 'utf8')).trim()
  return await connectBroker({
    servers: config.NATS_URL,
    name: 'watcher',
    ...(config.NATS_USER === undefined ? {} : { user: config.NATS_USER }),
    ...(password === undefined ? {} : { password }),
    logger,
    signal: UNSTOPPED,
  })
}

async function createObserver({ RUNTIME, STATE_DIR }: WatcherConfig): Promise<Observer> {
  switch (RUNTIME) {
    case 'process': {
      const location = await readMachineId(STATE_DIR)
      return createProcessObserver({ stateDirectory: STATE_DIR, location, processes: createProcessTable() })
    }
  }
}
