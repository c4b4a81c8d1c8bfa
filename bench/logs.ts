/** How many lines a second get from runners' files to a subscriber, and how late they are there at the rate of the goal. */
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import type { Benchmark } from './harness/benchmark.ts'
import { startChild } from './logs/child.ts'
import type { Log, ReadResult } from './logs/orders.ts'
import { type Place, runAttempt, type RunningAttempt } from './logs/place.ts'
import { startLoadMeter } from './measure/machine-load.ts'
import { mainOf, type Program, startProgram } from './measure/processes.ts'
import { median, rounded } from './measure/statistics.ts'

const GOAL_LINES_PER_SECOND = 20_000
const GOAL_P95_MS = 500
/** Times that a backlog is drained. */
const ROUNDS = 5
const BACKLOG = { attempts: 4, lines: 100_000 }
const LIVE = { attempts: 20, seconds: 12 }

interface Site extends Place {
  readonly server: TestBroker
  readonly watcher: Program
  next: number
}

async function startAttempts(
  site: Site,
  count: number,
): Promise<AsyncDisposableStack & { readonly started: readonly RunningAttempt[] }> {
  const stack = new AsyncDisposableStack()
  const started: RunningAttempt[] = []
  for (let i = 0; i < count; i += 1) {
    started.push(stack.use(await runAttempt(site, site.next)))
    site.next += 1
  }
  return Object.assign(stack, { started })
}

function readOrder({ server }: Site, logs: readonly Log[], lines: number): object {
  return { brokerUrl: server.url, subjects: logs.map(({ subject }) => subject), lines }
}

/** Lines that were all there before the watcher came: how fast it is when there is no end of them. */
async function drain(site: Site): Promise<{ readonly perSecond: number; readonly perCpuSecond: number }> {
  await using attempts = await startAttempts(site, BACKLOG.attempts)
  const logs = attempts.started.map(({ log }) => log)
  using writer = startChild('write-main.ts', {
    files: logs.map(({ linesFile }) => linesFile),
    lines: BACKLOG.lines,
    linesPerSecond: null,
  })
  await writer.answer()
  using reader = startChild('read-main.ts', readOrder(site, logs, BACKLOG.lines))
  await reader.answer()
  const cpuBefore = site.watcher.cpuSeconds()
  await Promise.all(attempts.started.map(({ announce }) => announce()))
  const { lines, seconds } = (await reader.answer()) as ReadResult
  return { perSecond: lines / seconds, perCpuSecond: lines / (site.watcher.cpuSeconds() - cpuBefore) }
}

/** Lines that are written while they are followed. */
async function follow(site: Site): Promise<ReadResult> {
  await using attempts = await startAttempts(site, LIVE.attempts)
  const logs = attempts.started.map(({ log }) => log)
  const lines = (GOAL_LINES_PER_SECOND * LIVE.seconds) / LIVE.attempts
  await Promise.all(attempts.started.map(({ announce }) => announce()))
  using reader = startChild('read-main.ts', readOrder(site, logs, lines))
  await reader.answer()
  using writer = startChild('write-main.ts', {
    files: logs.map(({ linesFile }) => linesFile),
    lines,
    linesPerSecond: GOAL_LINES_PER_SECOND,
  })
  const [result] = await Promise.all([reader.answer(), writer.answer()])
  return result as ReadResult
}

export default {
  goal: { kind: 'rate', atLeast: GOAL_LINES_PER_SECOND, unit: 'lines/s' },
  run: async () => {
    await using stack = new AsyncDisposableStack()
    const { path: state } = stack.use(await temporaryDirectory())
    const server = stack.use(await startTestBroker({ sync: true }))
    const broker = await server.connect('bench')
    const watcher = stack.use(
      await startProgram({ main: mainOf('watcher'), environment: { NATS_URL: server.url, STATE_DIR: state } }),
    )
    const site: Site = { broker, server, state, watcher, next: 0 }
    const meter = startLoadMeter([watcher.pid, server.pid])
    const drained = []
    for (let i = 0; i < ROUNDS; i += 1) drained.push(await drain(site))
    const cpuBefore = watcher.cpuSeconds()
    const live = await follow(site)
    const details = {
      drained: drained.map(({ perSecond, perCpuSecond }) => [Math.round(perSecond), Math.round(perCpuSecond)]),
      live: { ...live, watcherCores: rounded((watcher.cpuSeconds() - cpuBefore) / LIVE.seconds) },
      watcherMiB: Math.round(watcher.residentBytes() / 2 ** 20),
      othersCores: meter.othersCores(),
    }
    console.log(JSON.stringify(details))
    console.log(`logs: p95 ${live.p95Ms} ms at ${Math.round(live.lines / live.seconds)} lines/s (goal ${GOAL_P95_MS})`)
    return { modes: { drained: median(drained.map(({ perSecond }) => perSecond)) }, details }
  },
} satisfies Benchmark
