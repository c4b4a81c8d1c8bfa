/** The services under the soak, each in a process of its own, with a broker whose writes are synced. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SubmitInput } from '@orchestrator/shared/contracts'
import { type Broker, BROKER_TUNING } from '@orchestrator/shared/nats'
import { createGitRemote, startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import { installBelow } from '../measure/installation.ts'
import { freePort, mainOf, type Program, startProgram } from '../measure/processes.ts'
import { type Ends, listenForEnds } from './attempts.ts'
import { type BrokerMeter, brokerMeter } from './broker-meter.ts'
import type { Options } from './options.ts'
import type { Measured } from './sampling.ts'

export interface Site extends AsyncDisposable {
  readonly port: number
  readonly ends: Ends
  readonly stateDirectory: string
  readonly taskOf: (i: number) => SubmitInput
  readonly services: readonly Measured[]
  readonly broker: BrokerMeter
  /** To the broker, of nobody. */
  readonly connection: Broker
}

const WORKSPACES = { none: 100, process: 20 } as const
/** Few arenas, and what is free goes back: else resident memory shows the busiest moment so far, step by step. */
const TIDY_MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }
/** The view's cache is full before the warm-up is over: else the 32 MiB that it may take look like growth for 10,000 attempts. */
const SMALL_CACHE = { VIEW_CACHE_MIB: '4' }
/** The launcher finds a machine without work with the watcher: that one comes first. */
const SERVICES = ['submitter', 'watcher', 'launcher', 'notifier'] as const

export async function startSite({ attempts, runtime }: Options): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const { path: directory } = stack.use(await temporaryDirectory())
  const stateDirectory = join(directory, 'state')
  await mkdir(stateDirectory)
  const broker = stack.use(await startTestBroker({ sync: true, profiled: true, environment: BROKER_TUNING }))
  const connection = await broker.connect('soak')
  const ends = stack.use(await listenForEnds())
  const workspaces = WORKSPACES[runtime]
  const repository = runtime === 'none' ? {} : { repositoryUrl: await repositoryOf(stack, attempts / workspaces) }
  const installation = await installBelow({ directory, services: workspaces, webhookUrl: ends.url, ...repository })
  const port = await freePort()
  const environment = {
    NATS_URL: broker.url,
    SETTINGS_FILE: installation.settingsFile,
    STATE_DIR: stateDirectory,
    VIEW_FILE: join(directory, 'view.sqlite'),
    PORT: String(port),
    ...TIDY_MALLOC,
    ...SMALL_CACHE,
    ...(runtime === 'none' ? { MACHINE: join(directory, 'machine.sock') } : {}),
  }
  const services: Measured[] = []
  for (const name of SERVICES) {
    const meter = join(directory, `${name}.sock`)
    const program: Program = stack.use(
      await startProgram({
        main: mainOf(name),
        preload: join(import.meta.dirname, 'preload-main.ts'),
        environment: { ...environment, SOAK_METER: meter },
      }),
    )
    services.push({ name, pid: program.pid, meter })
  }
  const owned = stack.move()
  return {
    port,
    ends,
    stateDirectory,
    taskOf: (i) => installation.task(i),
    services,
    broker: brokerMeter(broker),
    connection,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

/** One for everything: documents of each task, and a branch that nothing changes. */
async function repositoryOf(stack: AsyncDisposableStack, tasks: number): Promise<string> {
  const documents = Array.from({ length: Math.ceil(tasks) + 1 }, (_, i) => {
    const folder = `.taskmaster/docs/task-${i + 1}`
    return { [`${folder}/task.md`]: '# Nothing\n', [`${folder}/acceptance-criteria.md`]: '- [ ] nothing is done\n' }
  })
  return stack.use(await createGitRemote({ files: Object.assign({}, ...documents) })).url
}
