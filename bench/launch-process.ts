/** How many launches a second the launcher makes with processes, relative to spawning the same runners by hand. */
import { join } from 'node:path'
import { startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import type { Benchmark } from './harness/benchmark.ts'
import { launchBare } from './launch/bare.ts'
import { createLaunches, type Launches } from './launch/real.ts'
import { alternate, ratios } from './measure/alternate.ts'
import { installBelow } from './measure/installation.ts'
import { prepareLaunchFolder } from './measure/launch-folder.ts'
import { startLoadMeter } from './measure/machine-load.ts'
import { mainOf, startProgram } from './measure/processes.ts'
import { rounded, spread } from './measure/statistics.ts'
import { submissionOf } from './measure/submissions.ts'

const PAIRS = 5
/** Of one slice; at most this many at once, which is what the launcher does too. */
const LAUNCHES = 16

/** @returns launches a second */
async function realSlice({ launch, ended }: Launches): Promise<number> {
  const startedMs = performance.now()
  const names = await launch(LAUNCHES)
  const seconds = (performance.now() - startedMs) / 1000
  await ended(names)
  return LAUNCHES / seconds
}

function createBareSlice(state: string): () => Promise<number> {
  let next = 0
  return async () => {
    const submissions = Array.from({ length: LAUNCHES }, (_, i) => submissionOf(state, next + i))
    next += LAUNCHES
    const prepared = await Promise.all(submissions.map((submission) => prepareLaunchFolder(state, submission)))
    const startedMs = performance.now()
    const launched = await Promise.all(prepared.map(launchBare))
    const seconds = (performance.now() - startedMs) / 1000
    await Promise.all(launched.map(({ ended }) => ended))
    return LAUNCHES / seconds
  }
}

export default {
  goal: { kind: 'ratio', atLeast: 0.8 },
  run: async () => {
    await using stack = new AsyncDisposableStack()
    const { path: directory } = stack.use(await temporaryDirectory())
    const state = join(directory, 'real')
    const broker = stack.use(await startTestBroker({ sync: true }))
    const launches = stack.use(await createLaunches(await broker.connect('bench'), state))
    const { settingsFile } = await installBelow({ directory, services: 1 })
    const environment = { NATS_URL: broker.url, STATE_DIR: state, SETTINGS_FILE: settingsFile }
    const launcher = stack.use(await startProgram({ main: mainOf('launcher'), environment }))
    const sides = { bare: createBareSlice(join(directory, 'bare')), real: () => realSlice(launches) }
    await alternate(1, sides)
    const meter = startLoadMeter([launcher.pid, broker.pid])
    const cpuBefore = launcher.cpuSeconds()
    const pairs = await alternate(PAIRS, sides)
    const details = {
      ratio: ratios(pairs),
      perSecond: { bare: spread(pairs.map(({ bare }) => bare)), real: spread(pairs.map(({ real }) => real)) },
      launcherCpuMs: rounded(((launcher.cpuSeconds() - cpuBefore) * 1000) / (PAIRS * LAUNCHES)),
      // The runners too.
      busyCores: meter.othersCores(),
    }
    console.log(JSON.stringify(details))
    return { modes: { synced: details.ratio.median }, details }
  },
} satisfies Benchmark
