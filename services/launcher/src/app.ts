/** The launcher, put together: messages say which workspace to look at, timers look at all, each look is one reconcile. */
import { join } from 'node:path'
import { RUNNER_MAIN } from '@orchestrator/runner'
import { BranchDocument, SlotDocument, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import { gitProxies } from '@orchestrator/shared/git'
import {
  type Broker,
  createLedger,
  createNotices,
  createProgress,
  openDocuments,
  runDurable,
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
import { BUILT_IN_TEMPLATES, loadTemplates } from '@orchestrator/shared/templates'
import packageJson from '../package.json' with { type: 'json' }
import { createBranchClaims } from './branch-claim.ts'
import type { LauncherConfig } from './config.ts'
import { answerControl, type ControlDependencies } from './control.ts'
import { createDeadLetterHandler, createMessageHandler, createReplayHandler, serviceOf } from './handle-message.ts'
import { createLedgerMemory } from './memory/ledger-memory.ts'
import { createWorkspaceMemory } from './memory/workspace-memory.ts'
import { createPatience } from './progress/patience.ts'
import { createPatientReporter } from './progress/patient-reporter.ts'
import { createProgressReporter } from './progress/progress-reporter.ts'
import { wakeWaiting } from './queue/wake-waiting.ts'
import { createWakes, type Wakes } from './queue/wakes.ts'
import { rebuildAfterRestore } from './rebuild/after-restore.ts'
import { createLaunchTries } from './reconcile/launch-tries.ts'
import { reconcileWorkspace } from './reconcile/reconcile-workspace.ts'
import type { Runtime } from './runtimes/port.ts'
import { createProcessRuntime } from './runtimes/process/process-runtime.ts'
import { servicesToLookAt, sweepSlots, sweepUnstarted } from './sweeps.ts'
import type { World } from './world.ts'

type Context = AppContext<LauncherConfig>

const NAME = 'launcher'
/** Workspaces that are looked at at the same time: a look may wait for a runner to start. */
const CONCURRENT_LOOKS = 16
const CONCURRENT_MESSAGES = 64
/** At most between SIGTERM and SIGKILL: the runner had its grace before. */
const TERM_GRACE_MS = 10_000

/** Any number of replicas may run, also on one machine. */
export async function createLauncherApp(context: Context): Promise<App> {
  return await createLauncherWith(context, { runnerMain: RUNNER_MAIN })
}

export interface LauncherParts {
  /** Absolute path of the program that runs inside an attempt. */
  readonly runnerMain: string
}

export async function createLauncherWith(context: Context, { runnerMain }: LauncherParts): Promise<App> {
  const { config, logger, clock } = context
  await using stack = new AsyncDisposableStack()
  const starting = new AbortController()
  const broker = stack.use(await openBroker({ config, name: NAME, logger, signal: starting.signal }))
  const runtime = await createRuntime(context, runnerMain)
  const documents = await openAllDocuments(broker)
  const world = await openWorld(
    context,
    {
      broker,
      documents,
      runtime,
      onSlotsReturned: (keys) => wakeWaiting(world, wakes, keys),
      wake: (service) => wakes.wake(service),
    },
    stack,
  )
  const wakes: Wakes = stack.use(
    createWakes({
      reconcile: (service, signal) => reconcileWorkspace(world, service, signal),
      concurrency: CONCURRENT_LOOKS,
      random: Math.random,
      clock,
      logger,
    }),
  )
  await rebuildAfterRestore({ broker, world: { ...world, ...documents }, signal: starting.signal })
  const loops = stack.use(createBackgroundLoops({ logger, clock }))
  startTimers(context, { world, wakes, loops })
  const durable = stack.use(
    await runDurable({
      broker,
      stream: 'TASKS',
      durable: NAME,
      concurrency: CONCURRENT_MESSAGES,
      keyOf: serviceOf,
      handler: createMessageHandler({ ...world, wakes }),
      replayHandler: createReplayHandler({ ...world, wakes }),
      onDeadLetter: createDeadLetterHandler(world),
      logger,
      clock,
    }),
  )
  stack.use(answerControl({ world, documents, ledger: world.ledger, notices: createNotices(broker) }))
  const health = (): Health =>
    healthOf({
      broker: broker.connected ? 'ok' : 'disconnected',
      messages: durable.health(),
      workspaces: wakes.check(),
      ...loops.checks(),
    })
  stack.use(
    reportHealth({ service: NAME, replica: thisProcess(), version: packageJson.version, health, broker, clock }),
  )
  const running = stack.move()
  return {
    name: NAME,
    failed: Promise.race([loops.failed, durable.failed, lostBroker(broker)]),
    health,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

async function lostBroker({ closed }: Broker): Promise<never> {
  const cause = await closed
  if (cause === undefined) return await new Promise<never>(() => undefined)
  throw new RetryableError('BROKER_UNAVAILABLE', 'the connection to the broker is closed', { cause })
}

interface WorldParts extends Pick<World, 'runtime' | 'onSlotsReturned' | 'wake'> {
  readonly broker: Broker
  readonly documents: ControlDependencies['documents']
}

async function openAllDocuments(broker: Broker): Promise<ControlDependencies['documents']> {
  return {
    workspaces: await openDocuments(broker, 'workspaces', WorkspaceDocument),
    slots: await openDocuments(broker, 'slots', SlotDocument),
    branches: await openDocuments(broker, 'branches', BranchDocument),
  }
}

async function openWorld(
  context: Context,
  { broker, documents: { workspaces, slots, branches }, ...parts }: WorldParts,
  stack: AsyncDisposableStack,
): Promise<World> {
  const { config, settings, logger, clock } = context
  const { GIT_USER_HOME: userHome } = config
  const directory = config.CREDENTIALS_DIR ?? join(config.STATE_DIR, 'credentials')
  const ledger = await createLedger(broker)
  const memory = createLedgerMemory(ledger)
  const remembered = createWorkspaceMemory(workspaces, clock)
  stack.defer(broker.onChange(() => [memory, remembered].forEach((kept) => kept.forgetAll())))
  const reporter = createProgressReporter({ progress: createProgress(broker), clock, logger })
  return {
    ledger,
    memory,
    workspaces: remembered,
    slots,
    branches: createBranchClaims(branches),
    progress: stack.use(createPatientReporter(reporter, clock)),
    renderer: await loadTemplates([config.TEMPLATES_DIR, BUILT_IN_TEMPLATES]),
    launches: createLaunchTries({ clock, random: Math.random }),
    patience: createPatience(clock),
    gitEnvironment: gitEnvironmentOf(context),
    gitCredentials: { directory, ...(userHome !== undefined && { userHome }) },
    loginHome: config.AGENT_LOGIN_HOME,
    stopGraceMs: config.STOP_GRACE_MS,
    holdLimitMs: config.HOLD_LIMIT_MS,
    ...parts,
    settings,
    logger,
    clock,
  }
}

function gitEnvironmentOf({ config, logger }: Context): Readonly<Record<string, string>> {
  const { environment, passedOver } = gitProxies(config)
  if (passedOver.length > 0)
    logger.warn({ variables: passedOver }, 'git does without a proxy that has a password: use one here that adds it')
  const { GIT_SSH_AUTH_SOCK: agentSocket } = config
  return { ...environment, ...(agentSocket !== undefined && { SSH_AUTH_SOCK: agentSocket }) }
}

async function createRuntime({ config, clock }: Context, runnerMain: string): Promise<Runtime> {
  const { STATE_DIR: stateDirectory, STOP_GRACE_MS: askMs, PATH, LANG } = config
  return createProcessRuntime({
    stateDirectory,
    machineId: await readMachineId(stateDirectory),
    processTable: createProcessTable(),
    runnerMain,
    // Agents that the command line installed are found last.
    environment: { PATH: `${PATH}:${join(stateDirectory, 'tools', 'bin')}`, LANG },
    launchTimeoutMs: config.LAUNCH_TIMEOUT_MS,
    stopGraces: { askMs, termMs: Math.min(askMs, TERM_GRACE_MS) },
    clock,
  })
}

interface Timers {
  readonly world: World
  readonly wakes: Wakes
  readonly loops: ReturnType<typeof createBackgroundLoops>
}

function startTimers({ config, clock, logger }: Context, { world, wakes, loops }: Timers): void {
  const every = (name: string, work: (signal: AbortSignal) => Promise<void>): void =>
    loops.start(name, async (signal) => {
      for (;;) {
        await work(signal)
        await clock.sleep(config.RECONCILE_INTERVAL_MS, signal)
      }
    })
  every('reconcile', async () => {
    for (const service of await servicesToLookAt(world)) wakes.wake(service)
  })
  every('sweep workloads', (signal) => sweepUnstarted(world, signal))
  every('sweep slots', async () => {
    const keys = await sweepSlots(world)
    if (keys.length === 0) return
    logger.info({ keys }, 'slots swept')
    await wakeWaiting(world, wakes, keys)
  })
}
