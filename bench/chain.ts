/**
 * From the acknowledged submit until the webhook is told of the end, the workload itself left out: all services in
 * processes of their own, every write synced, a fixed rate of tasks.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Broker } from '@orchestrator/shared/nats'
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import { type Sink, startSink } from './chain/sink.ts'
import { type Acknowledged, submitAll } from './chain/submits.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { installBelow, type Installation } from './measure/installation.ts'
import { startLoadMeter } from './measure/machine-load.ts'
import { freePort, mainOf, processMeter, type Program, startProgram } from './measure/processes.ts'
import { median, quantile, rounded } from './measure/statistics.ts'

const PER_SECOND = Number(process.env['BENCH_CHAIN_RATE'] ?? 200)
const SERVICES = 400
const SLICES = 10
const SLICE_SECONDS = 3
/** The first attempt of a workspace makes its document: each has had one before the measurement. */
const WARM_UP = SERVICES * 2
/** A chain that falls behind is not waited for: what was not told by then counts as told now. */
const TOLD_LIMIT_MS = 15_000

const EVENTS = ['task.submitted', 'attempt.started', 'attempt.finished'] as const

interface Site {
  readonly port: number
  readonly sink: Sink
  readonly installation: Installation
  readonly programs: Readonly<Record<string, Program>>
}

async function startSite(stack: AsyncDisposableStack, server: TestBroker): Promise<Site> {
  const { path: directory } = stack.use(await temporaryDirectory())
  const sink = stack.use(await startSink())
  const installation = await installBelow({ directory, services: SERVICES, webhookUrl: sink.url })
  const port = await freePort()
  const preload = join(import.meta.dirname, 'chain', 'replace-machine.ts')
  const environment = {
    NATS_URL: server.url,
    SETTINGS_FILE: installation.settingsFile,
    STATE_DIR: join(directory, 'state'),
    MACHINE: join(directory, 'machine.sock'),
    VIEW_FILE: join(directory, 'view.sqlite'),
    PORT: String(port),
  }
  const programs: Record<string, Program> = {}
  // The launcher finds its machine with the watcher: that one comes first.
  for (const name of ['submitter', 'watcher', 'launcher', 'notifier'] as const)
    programs[name] = stack.use(await startProgram({ main: mainOf(name), preload, environment }))
  return { port, sink, installation, programs }
}

/** @returns how many ends were not told in time */
async function untilTold(sink: Sink, submits: readonly Acknowledged[]): Promise<number> {
  const untilMs = performance.now() + TOLD_LIMIT_MS
  const untold = (): number =>
    submits.filter(({ attempt }) => sink.toldMs('attempt.finished', attempt) === undefined).length
  while (untold() > 0 && performance.now() < untilMs) await delay(20)
  return untold()
}

/** Milliseconds from the acknowledgement of each submit until the sink had an event. */
function latencies(sink: Sink, submits: readonly Acknowledged[], type: (typeof EVENTS)[number]): readonly number[] {
  const nowMs = performance.now()
  return submits.map(({ attempt, atMs }) => (sink.toldMs(type, attempt) ?? nowMs) - atMs)
}

/** Sequence of the last message of each stream: how much was written so far. */
async function written({ jsm }: Broker): Promise<ReadonlyMap<string, number>> {
  const streams = await Array.fromAsync(jsm.streams.list())
  return new Map(streams.map(({ config, state }) => [config.name, state.last_seq]))
}

function summary(ms: readonly number[]): object {
  return { p50: rounded(quantile(ms, 0.5), 1), p99: rounded(quantile(ms, 0.99), 1), max: rounded(quantile(ms, 1), 1) }
}

export default {
  goal: { kind: 'p99', atMostMs: 25 },
  run: async () => {
    await using stack = new AsyncDisposableStack()
    const server = stack.use(await startTestBroker({ sync: true }))
    const { port, sink, installation, programs } = await startSite(stack, server)
    let next = 0
    const submit = async (count: number): Promise<readonly Acknowledged[]> => {
      const first = next
      next += count
      return await submitAll({ port, perSecond: PER_SECOND, count, taskOf: (i) => installation.task(first + i) })
    }
    await untilTold(sink, await submit(WARM_UP))
    const broker = await server.connect('bench')
    const writtenBefore = await written(broker)
    const meters = { ...programs, broker: processMeter(server.pid), driver: processMeter(process.pid) }
    const load = startLoadMeter(Object.values(meters).map(({ pid }) => pid))
    const cpuBefore = Object.values(meters).map(({ cpuSeconds }) => cpuSeconds())
    const slices: (readonly Acknowledged[])[] = []
    const startedMs = performance.now()
    for (let i = 0; i < SLICES; i += 1) slices.push(await submit(PER_SECOND * SLICE_SECONDS))
    const all = slices.flat()
    const untold = await untilTold(sink, all)
    const cpuMsPerTask = Object.fromEntries(
      Object.entries(meters).map(([name, { cpuSeconds }], i) => [
        name,
        rounded(((cpuSeconds() - (cpuBefore[i] ?? 0)) * 1000) / all.length),
      ]),
    )
    const writtenAfter = await written(broker)
    const syncedWritesPerTask = Object.fromEntries(
      [...writtenAfter].map(([stream, seq]) => [
        stream,
        rounded((seq - (writtenBefore.get(stream) ?? 0)) / all.length),
      ]),
    )
    const othersCores = load.othersCores()
    const seconds = (performance.now() - startedMs) / 1000
    const p99s = slices.map((slice) => quantile(latencies(sink, slice, 'attempt.finished'), 0.99))
    const details = {
      perSecond: PER_SECOND,
      acknowledged: summary(all.map(({ waitedMs }) => waitedMs)),
      told: Object.fromEntries(EVENTS.map((type) => [type, summary(latencies(sink, all, type))])),
      sliceP99s: p99s.map((ms) => rounded(ms, 1)),
      untold,
      cpuMsPerTask,
      syncedWritesPerTask,
      seconds: rounded(seconds, 1),
      othersCores,
    }
    console.log(JSON.stringify(details))
    return { modes: { synced: median(p99s) }, details }
  },
} satisfies Benchmark
