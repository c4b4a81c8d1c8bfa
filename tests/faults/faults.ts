/** Carries out the faults of a schedule, each at its time. */
import { setTimeout as delay } from 'node:timers/promises'
import type { DoneKill } from './history.ts'
import { type MomentSources, untilMoment } from './moments.ts'
import type { Disturbance, Fault, Kill } from './schedule.ts'
import type { Site } from './site.ts'
import { type FoundProcess, killProcess, processesOf, roleOf } from './workloads.ts'

export interface DoneFaults {
  readonly kills: readonly DoneKill[]
  readonly disturbances: readonly string[]
  /** Those of them that may have cost a notifier its leases. */
  readonly lostLeases: number
}

export interface FaultOptions {
  readonly site: Pick<Site, 'kill' | 'inflict'>
  readonly moments: MomentSources
  readonly folder: string
  readonly signal: AbortSignal
}

/** Runners and agents live briefly: this long one is waited for. */
const LOOK_FOR_MS = 2000
const LOOK_MS = 15
/** A lease outlives it, on a busy machine too. */
const BRIEF_MS = 10_000

/** Resolves once the last fault is over and every victim was started again. */
export async function inflictFaults(faults: readonly Fault[], options: FaultOptions): Promise<DoneFaults> {
  const kills: DoneKill[] = []
  const disturbances: Disturbance[] = []
  await Promise.all(
    faults.map(async (fault) => {
      await delay(fault.atMs, undefined, { signal: options.signal })
      if (fault.kind === 'disturbance') {
        disturbances.push(fault)
        await disturb(fault, options)
      } else if (fault.victim === 'runner' || fault.victim === 'agent') {
        kills.push(...(await killWorkload(fault, fault.victim, options)))
      } else if (await killService(fault, options)) {
        kills.push({ victim: fault.victim, submittedId: undefined })
      }
    }),
  )
  const lostLeases = disturbances.filter(({ service, forMs }) => service === 'notifier' && forMs > BRIEF_MS).length
  return { kills, disturbances: disturbances.map(({ fault }) => fault), lostLeases }
}

async function disturb(fault: Disturbance, { site, signal }: FaultOptions): Promise<void> {
  const end = site.inflict(fault)
  try {
    await delay(fault.forMs, undefined, { signal })
  } finally {
    end()
  }
}

async function killService(
  { moment, intoMs, victim, replica, pauseMs }: Kill,
  { site, moments, signal }: FaultOptions,
): Promise<boolean> {
  await untilMoment(moment, moments, signal)
  await delay(intoMs, undefined, { signal })
  return await site.kill(victim, replica, pauseMs)
}

async function killWorkload(kill: Kill, role: 'runner' | 'agent', options: FaultOptions): Promise<DoneKill[]> {
  const victim = await findVictim(role, options)
  if (victim === undefined) return []
  await delay(kill.intoMs, undefined, { signal: options.signal })
  const { pid, submittedId } = victim
  const isStillIt = processesOf(options.folder).some((found) => found.pid === pid && found.submittedId === submittedId)
  if (!isStillIt) return []
  killProcess(pid)
  return [{ victim: role, submittedId }]
}

async function findVictim(
  role: 'runner' | 'agent',
  { folder, signal }: FaultOptions,
): Promise<FoundProcess | undefined> {
  for (const until = performance.now() + LOOK_FOR_MS; performance.now() < until;) {
    const found = processesOf(folder).filter((process) => roleOf(process) === role)
    if (found.length > 0) return found.at(-1)
    await delay(LOOK_MS, undefined, { signal })
  }
  return undefined
}
