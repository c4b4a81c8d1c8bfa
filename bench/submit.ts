/** How many submits a second are acknowledged, relative to a bare route that publishes the same bytes. */
import { temporaryDirectory } from '@orchestrator/testing'
import type { Benchmark } from './harness/benchmark.ts'
import { alternate, type Pair, ratios } from './measure/alternate.ts'
import { startLoadMeter } from './measure/machine-load.ts'
import { median, rounded } from './measure/statistics.ts'
import { type Load, startLoad } from './submit/load.ts'
import { firstEvent, type Side, startBareSide, startRealSide } from './submit/sides.ts'

const PAIRS = 12
const WARM_UP_REQUESTS = 1500
const SLICE_SECONDS = 0.8

interface Mode {
  readonly ratio: number
  readonly details: object
}

async function measure(load: Load, sync: boolean): Promise<Mode> {
  await using stack = new AsyncDisposableStack()
  const { path: directory } = stack.use(await temporaryDirectory())
  const real = stack.use(await startRealSide({ load, directory, sync }))
  await real.send(WARM_UP_REQUESTS)
  const event = await firstEvent(real)
  const bare = stack.use(await startBareSide({ load, directory, sync }, event))
  await bare.send(WARM_UP_REQUESTS)
  const meter = startLoadMeter([load.pid, ...[real, bare].flatMap(({ program, broker }) => [program.pid, broker.pid])])
  const sides = { bare: await createSlice(bare), real: await createSlice(real) }
  const pairs = await alternate(PAIRS, { bare: sides.bare.run, real: sides.real.run })
  const { ratio, perSecond } = evaluate(pairs)
  const details = {
    ratio,
    perSecond,
    cpuMs: { bare: sides.bare.cpuMs(), real: sides.real.cpuMs() },
    viewLagMs: rounded(real.lagMs()),
    eventBytes: Buffer.byteLength(event),
    othersCores: meter.othersCores(),
  }
  console.log(sync ? 'synced:' : 'unsynced:', JSON.stringify(details))
  return { ratio: ratio.median, details }
}

interface Slice {
  readonly run: () => Promise<number>
  /** Of the program, for each request so far. */
  readonly cpuMs: () => number
}

async function createSlice({ send, program }: Side): Promise<Slice> {
  const requests = Math.ceil((await send(WARM_UP_REQUESTS)) * SLICE_SECONDS)
  const cpuBefore = program.cpuSeconds()
  let sent = 0
  return {
    run: async () => {
      sent += requests
      return await send(requests)
    },
    cpuMs: () => rounded(((program.cpuSeconds() - cpuBefore) * 1000) / sent, 3),
  }
}

function evaluate(pairs: readonly Pair<number>[]): { ratio: ReturnType<typeof ratios>; perSecond: Pair<number> } {
  const of = (side: keyof Pair<number>): number => Math.round(median(pairs.map((pair) => pair[side])))
  return { ratio: ratios(pairs), perSecond: { bare: of('bare'), real: of('real') } }
}

export default {
  goal: { kind: 'ratio', atLeast: 0.7 },
  run: async () => {
    await using load = startLoad()
    const synced = await measure(load, true)
    const unsynced = await measure(load, false)
    return {
      modes: { synced: synced.ratio, unsynced: unsynced.ratio },
      details: { synced: synced.details, unsynced: unsynced.details },
    }
  },
} satisfies Benchmark
