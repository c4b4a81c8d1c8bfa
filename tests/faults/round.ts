/** One round: an installation under load and faults, then peace, then the checks. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { checkRound } from './checks/index.ts'
import { type DoneFaults, inflictFaults } from './faults.ts'
import { countFigures, type RoundFigures } from './figures.ts'
import type { Breach, History } from './history.ts'
import { createLoad, type Load } from './load.ts'
import { createObserver, type Observer, readMarks } from './observer.ts'
import { agentsFolder, prepareRound, readCommits, type Repositories } from './prepare.ts'
import { createChance } from './random.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { type RoundKey, type Schedule, scheduleOf } from './schedule.ts'
import { startServicesSite } from './services-site.ts'
import { type Sink, startSink } from './sink.ts'
import type { Site } from './site.ts'
import { startUpSite } from './up-site.ts'
import { endAll } from './workloads.ts'

export interface RoundResult {
  readonly mode: Schedule['mode']
  readonly breaches: readonly Breach[]
  readonly figures: RoundFigures
  /** Kept when something was breached. */
  readonly folder: string
}

/** Everything accepted must have ended, been told and given back this long after the last fault. */
const SETTLE_MS = 120_000
const START_MS = 60_000
const LOOK_MS = 100

export async function runRound(key: RoundKey, repositories: Repositories, signal: AbortSignal): Promise<RoundResult> {
  const schedule = scheduleOf(key)
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-faults-'))
  let isKept = false
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    endAll(folder)
    if (!isKept) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const opened = open({ key, schedule, folder, repositories, stack, signal })
  const played = opened.then(play)
  played.catch(() => {
    isKept = !signal.aborted
  })
  const [{ site }, { history, figures }] = await Promise.all([opened, played])
  const breaches = checkRound(history)
  if (breaches.length > 0) {
    isKept = true
    const record = { key, schedule, breaches, figures, history: { ...history, commits: [...history.commits] } }
    await writeFile(join(folder, 'round.json'), JSON.stringify(record, null, 2))
    await site.keep()
  }
  return { mode: schedule.mode, breaches, figures, folder }
}

interface Opening {
  readonly key: RoundKey
  readonly schedule: Schedule
  readonly folder: string
  readonly repositories: Repositories
  readonly stack: AsyncDisposableStack
  readonly signal: AbortSignal
}

interface Played {
  readonly history: History
  readonly figures: RoundFigures
}

async function open({ key, schedule, folder, repositories, stack, signal }: Opening): Promise<Playing> {
  const chance = createChance(`sink ${key.seed}/${key.round}`)
  const sink = stack.use(await startSink(() => chance.between(0, schedule.sinkMs)))
  const settingsFile = await prepareRound({ folder, schedule, repositories, sinkUrl: sink.url })
  const start = schedule.mode === 'up' ? startUpSite : startServicesSite
  const site = stack.use(
    await start({ folder, settingsFile, compiled: repositories.compiled, replicas: schedule.replicas }),
  )
  const recorder = stack.use(startRecorder(site.stateDirectory, join(folder, 'lines')))
  await untilReady(site, signal)
  return { schedule, folder, site, sink, recorder, signal }
}

async function untilReady(site: Site, signal: AbortSignal): Promise<void> {
  for (const until = performance.now() + START_MS; ; await delay(LOOK_MS, undefined, { signal })) {
    const unready = await site.unready()
    if (unready.length === 0) return
    if (performance.now() < until) continue
    throw new Error(`the installation did not start: ${[...unready, ...new Set(site.ownEnds())].join('; ')}`)
  }
}

interface Playing {
  readonly schedule: Schedule
  readonly folder: string
  readonly site: Site
  readonly sink: Sink
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

async function play({ schedule, folder, site, sink, recorder, signal }: Playing): Promise<Played> {
  const load = createLoad(site.urls)
  const patience = new AbortController()
  const loading = load.run(schedule.submissions, AbortSignal.any([signal, patience.signal])).then(
    () => [],
    (): string[] => ['not every submit was answered'],
  )
  const moments = { stateDirectory: site.stateDirectory, told: () => sink.told.length }
  const done = await inflictFaults(schedule.faults, { site, moments, folder, signal })
  const healedAt = performance.now()
  const timer = setTimeout(() => patience.abort(), SETTLE_MS)
  const unanswered = await loading
  clearTimeout(timer)
  await using broker = await site.connect()
  const observer = createObserver(broker, site, folder)
  const settled = await settle({ schedule, load, observer, sink, until: healedAt + SETTLE_MS, signal })
  const recoveryMs = performance.now() - healedAt
  const unrepeated = await resendAll(schedule, load, signal)
  await observer.read()
  const leftovers = [...unanswered, ...settled.pending, ...unrepeated]
  const history = await write({ load, observer, sink, done, folder, recorder, leftovers, views: settled.views })
  const redelivered = await observer.redelivered()
  const facts = {
    history,
    disturbances: done.disturbances,
    resent: load.resent,
    redelivered,
    recoveryMs,
    last: settled.last,
    ownEnds: site.ownEnds(),
  }
  return { history, figures: countFigures(facts) }
}

interface Settling {
  readonly schedule: Schedule
  readonly load: Load
  readonly observer: Observer
  readonly sink: Sink
  readonly until: number
  readonly signal: AbortSignal
}

interface Settled {
  /** What has not happened in time. */
  readonly pending: readonly string[]
  /** What happened last. */
  readonly last: string
  readonly views: History['views']
}

async function settle({ schedule, load, observer, sink, until, signal }: Settling): Promise<Settled> {
  for (let last = 'nothing'; ;) {
    await observer.read()
    const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
    const replicas = Array.from({ length: schedule.replicas.submitter }, (_, replica) => replica)
    const views = await Promise.all(replicas.map(async (replica) => await load.list(replica, limit).catch(() => [])))
    signal.throwIfAborted()
    const pending = await observer.pending({ told: sink.told, views })
    if (pending.length === 0 || performance.now() > until) return { pending, last, views }
    last = pending[0] ?? last
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** A key that was answered is answered the same for ever, by every replica. */
async function resendAll(
  { submissions, replicas }: Schedule,
  load: Load,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(20_000)])
  try {
    for (const submission of submissions) {
      for (let replica = 0; replica < replicas.submitter; replica += 1) await load.resend(submission, replica, limit)
    }
    return []
  } catch {
    signal.throwIfAborted()
    return ['not every submit was answered again']
  }
}

interface Writing {
  readonly load: Load
  readonly observer: Observer
  readonly sink: Sink
  readonly done: DoneFaults
  readonly folder: string
  readonly recorder: Recorder
  readonly leftovers: readonly string[]
  readonly views: History['views']
}

async function write({ load, observer, sink, done, folder, recorder, leftovers, views }: Writing): Promise<History> {
  return {
    acknowledged: load.acknowledged,
    stops: load.stops,
    refused: load.refused,
    ledger: observer.ledger,
    logs: observer.logs,
    deadLetters: await observer.deadLetters(),
    marks: await readMarks(agentsFolder(folder)),
    lines: await recorder.files(),
    commits: await readCommits(folder),
    kills: done.kills,
    lostLeases: done.lostLeases,
    told: [...sink.told],
    views,
    leftovers,
  }
}
