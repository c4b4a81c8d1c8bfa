/**
 * What 100,000 past attempts cost: reads relative to 100 attempts, the broker's memory, the time to fill a view anew.
 * Each mode is its goal divided by what was measured, so 1 is a goal just met.
 */
import { join } from 'node:path'
import { BROKER_TUNING } from '@orchestrator/shared/nats'
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import type { Benchmark } from './harness/benchmark.ts'
import { fill } from './ledger/fill.ts'
import { attemptNameOf } from './ledger/history.ts'
import { watchMemory } from './ledger/memory.ts'
import { createReader, type Reader } from './ledger/reads.ts'
import { alternate, ratios } from './measure/alternate.ts'
import { freePort, mainOf, processMeter, type Program, startProgram } from './measure/processes.ts'
import { median, rounded } from './measure/statistics.ts'

const MANY = { attempts: 100_000, recent: 5000 }
const FEW = { attempts: 100, recent: 100 }
const GOALS = { readRatio: 1.5, brokerMiB: 200, rebuildSeconds: 10 }
const ROUNDS = 20
const READS_PER_ROUND = 40

interface Past extends AsyncDisposable {
  readonly reader: Reader
  readonly submitter: Program
  /** From the start of the process, without a view, until it is ready. */
  readonly rebuildSeconds: number
  /** The submitter's processor time until then. */
  readonly rebuildCpuSeconds: number
}

async function openPast(server: TestBroker, directory: string): Promise<Past> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const VIEW_FILE = join(directory, `view-${port}.sqlite`)
  const startedMs = performance.now()
  const submitter = stack.use(
    await startProgram({
      main: mainOf('submitter'),
      environment: { NATS_URL: server.url, PORT: String(port), VIEW_FILE },
    }),
  )
  const rebuildSeconds = (performance.now() - startedMs) / 1000
  const rebuildCpuSeconds = submitter.cpuSeconds()
  const reader = stack.use(createReader(port))
  const owned = stack.move()
  return { reader, submitter, rebuildSeconds, rebuildCpuSeconds, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function fillBroker(server: TestBroker, history: typeof MANY): Promise<number> {
  await using broker = await server.connect('fill')
  return await fill(broker, history)
}

const READS = {
  list: () => '/v1/attempts?limit=20',
  tasks: () => '/v1/tasks',
  attempt: (attempts: number) => `/v1/attempts/${attemptNameOf(Math.floor(Math.random() * attempts))}`,
} satisfies Record<string, (attempts: number) => string>

interface Timing {
  readonly ratio: number
  readonly manyMs: number
}

async function compare(many: Past, few: Past): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {}
  for (const [name, pathOf] of Object.entries(READS)) {
    const read = ({ reader }: Past, attempts: number): Promise<number> =>
      reader.p50Ms(Array.from({ length: READS_PER_ROUND }, () => pathOf(attempts)))
    const pairs = await alternate(ROUNDS, {
      bare: () => read(few, FEW.attempts),
      real: () => read(many, MANY.attempts),
    })
    timings[name] = { ratio: rounded(ratios(pairs).median), manyMs: rounded(median(pairs.map(({ real }) => real))) }
  }
  return timings
}

export default {
  goal: { kind: 'ratio', atLeast: 1 },
  run: async () => {
    await using stack = new AsyncDisposableStack()
    const { path: directory } = stack.use(await temporaryDirectory())
    const environment = BROKER_TUNING
    const manyServer = stack.use(await startTestBroker({ environment }))
    const fewServer = stack.use(await startTestBroker({ environment }))
    await fillBroker(fewServer, FEW)
    const fillStartedMs = performance.now()
    const messages = await fillBroker(manyServer, MANY)
    const fillSeconds = rounded((performance.now() - fillStartedMs) / 1000)
    const filledMiB = Math.round(processMeter(manyServer.pid).residentBytes() / 2 ** 20)
    // What filling it in seconds left behind is not what living through it leaves.
    await manyServer.restart()
    using memory = watchMemory(manyServer.pid)
    const restartedMiB = memory.nowMiB
    const many = stack.use(await openPast(manyServer, directory))
    const rebuiltMiB = memory.nowMiB
    const few = stack.use(await openPast(fewServer, directory))
    const reads = await compare(many, few)
    const worstRead = Math.max(...Object.values(reads).map(({ ratio }) => ratio))
    const brokerMiB = {
      filled: filledMiB,
      restarted: restartedMiB,
      rebuilt: rebuiltMiB,
      live: memory.nowMiB,
      peak: memory.peakMiB,
    }
    const rebuildSeconds = {
      many: rounded(many.rebuildSeconds),
      few: rounded(few.rebuildSeconds),
      manyCpu: rounded(many.rebuildCpuSeconds),
    }
    const submitterMiB = Math.round(many.submitter.residentBytes() / 2 ** 20)
    console.log(`reads relative to ${FEW.attempts} attempts: ${JSON.stringify(reads)} (goal ${GOALS.readRatio})`)
    console.log(`broker, MiB: ${JSON.stringify(brokerMiB)} (goal ${GOALS.brokerMiB}); submitter ${submitterMiB}`)
    console.log(
      `view rebuilt, s: ${JSON.stringify(rebuildSeconds)} (goal ${GOALS.rebuildSeconds}); filled in ${fillSeconds}`,
    )
    return {
      modes: {
        reads: GOALS.readRatio / worstRead,
        memory: GOALS.brokerMiB / brokerMiB.peak,
        rebuild: GOALS.rebuildSeconds / many.rebuildSeconds,
      },
      details: { reads, brokerMiB, rebuildSeconds, submitterMiB, messages },
    }
  },
} satisfies Benchmark
