/** What happens in a round, and when: everything follows from seed, round and `--only`. Pure. */
import { assertNever } from '@orchestrator/shared/core'
import { TCP_FAULTS, type TcpFault } from '@orchestrator/testing'
import { type Chance, createChance } from './random.ts'

export const SERVICES = ['submitter', 'launcher', 'watcher', 'notifier'] as const
export type Service = (typeof SERVICES)[number]
export const VICTIMS = [...SERVICES, 'up', 'broker', 'runner', 'agent'] as const
export type Victim = (typeof VICTIMS)[number]
/** `freezes`: a process stands still. `partitions`: broken or still for so long that every lease is lost. */
export const DISTURBANCES = ['connections', 'freezes', 'partitions'] as const
export const TARGETS = [...VICTIMS, ...DISTURBANCES] as const
/** What `--only` may name. */
export type Target = (typeof TARGETS)[number]

export interface Submission {
  readonly atMs: number
  readonly service: string
  readonly taskId: string
  readonly key: string
  /** Replica that is asked first. */
  readonly replica: number
  /** Sent twice at once, to two replicas where there are two. */
  readonly twice: boolean
  /** A stop is asked this long after the submit was acknowledged. */
  readonly stopAfterMs: number | undefined
}

/** `now`, or the next time that an order is written, a runner is held, let go, has its result, an event is told. */
export type Moment = 'now' | 'ordered' | 'held' | 'go' | 'result' | 'told'

export interface Kill {
  readonly kind: 'kill'
  readonly atMs: number
  readonly victim: Victim
  readonly replica: number
  /** Waited for from `atMs` on. */
  readonly moment: Moment
  /** After that moment; of runner and agent: after the chosen one was first seen. */
  readonly intoMs: number
  /** Until it is started again. */
  readonly pauseMs: number
}

/** Of a service that goes on by itself afterwards. */
export interface Disturbance {
  readonly kind: 'disturbance'
  readonly atMs: number
  readonly service: Service
  readonly replica: number
  readonly fault: TcpFault | 'freeze'
  readonly forMs: number
}

export type Fault = Kill | Disturbance

export interface Schedule {
  readonly mode: 'services' | 'up'
  readonly replicas: Readonly<Record<Service, number>>
  /** Attempts at once, over all workspaces. */
  readonly cap: number | undefined
  /** How long an agent works. */
  readonly agentMs: number
  /** How long the sink takes to answer, at most. */
  readonly sinkMs: number
  readonly submissions: readonly Submission[]
  readonly faults: readonly Fault[]
}

export interface RoundKey {
  readonly seed: string
  readonly round: number
  readonly only: Target | undefined
}

export const WORKSPACES = ['alpha', 'beta', 'gamma'] as const
export const TASKS = ['1', '2.1'] as const
const LOAD_MS = 3500
const FAULTS_MS = 5000
const UP_SHARE = 0.2

export function scheduleOf({ seed, round, only }: RoundKey): Schedule {
  const chance = createChance(`${seed}/${round}/${only ?? ''}`)
  const mode = modeOf(only, chance)
  const replicas = {
    submitter: chance.between(1, 2),
    launcher: chance.between(1, 2),
    watcher: chance.between(1, 2),
    notifier: chance.between(1, 2),
  }
  return {
    mode,
    replicas: mode === 'up' ? { submitter: 1, launcher: 1, watcher: 1, notifier: 1 } : replicas,
    cap: chance.is(0.3) ? 2 : undefined,
    agentMs: chance.between(20, 300),
    sinkMs: chance.between(0, 60),
    submissions: submissionsOf(chance, round),
    faults: faultsOf(chance, { mode, only, replicas }),
  }
}

function modeOf(only: Target | undefined, chance: Chance): Schedule['mode'] {
  const drawn = chance.is(UP_SHARE) ? 'up' : 'services'
  if (only === 'up') return 'up'
  const needsServices = only !== undefined && (isDisturbance(only) || isService(only))
  return needsServices ? 'services' : drawn
}

function submissionsOf(chance: Chance, round: number): readonly Submission[] {
  const submissions = WORKSPACES.flatMap((service) =>
    TASKS.flatMap((taskId) =>
      Array.from({ length: chance.pick([1, 1, 1, 2, 2, 3]) }, (_, index): Submission => {
        return {
          atMs: chance.between(0, LOAD_MS),
          service,
          taskId,
          key: `${round}-${service}-${taskId}-${index}`,
          replica: chance.between(0, 1),
          twice: chance.is(0.25),
          stopAfterMs: chance.is(0.15) ? chance.between(0, 3000) : undefined,
        }
      }),
    ),
  )
  return submissions.toSorted((a, b) => a.atMs - b.atMs)
}

interface FaultOptions {
  readonly mode: Schedule['mode']
  readonly only: Target | undefined
  readonly replicas: Schedule['replicas']
}

function faultsOf(chance: Chance, options: FaultOptions): readonly Fault[] {
  const count = options.only === 'partitions' ? chance.between(1, 2) : chance.between(4, 10)
  const faults = Array.from({ length: count }, () => faultOf(chance, options))
  return faults.toSorted((a, b) => a.atMs - b.atMs)
}

function faultOf(chance: Chance, { mode, only, replicas }: FaultOptions): Fault {
  const target = only ?? chance.pick(mode === 'up' ? TARGETS_OF_UP : TARGETS_OF_SERVICES)
  const atMs = chance.between(0, FAULTS_MS)
  if (isDisturbance(target)) {
    const service = chance.pick(SERVICES)
    const replica = chance.between(0, replicas[service] - 1)
    return { kind: 'disturbance', atMs, service, replica, ...disturbanceOf(chance, target) }
  }
  const replica = isService(target) ? chance.between(0, replicas[target] - 1) : 0
  const moment = chance.pick(MOMENTS[target])
  const intoMs = moment === 'now' ? chance.between(0, target === 'runner' ? 2000 : 300) : chance.between(0, 60)
  return { kind: 'kill', atMs, victim: target, replica, moment, intoMs, pauseMs: chance.between(0, 1500) }
}

const MOMENTS: Readonly<Record<Victim, readonly [Moment, ...Moment[]]>> = {
  submitter: ['now', 'now', 'ordered'],
  launcher: ['now', 'ordered', 'held', 'go', 'result'],
  watcher: ['now', 'go', 'result', 'told'],
  notifier: ['now', 'told', 'told'],
  up: ['now', 'ordered', 'held', 'go', 'result', 'told'],
  broker: ['now', 'ordered', 'held', 'go', 'result', 'told'],
  runner: ['now'],
  agent: ['now'],
}

const TARGETS_OF_UP = ['up', 'up', 'broker', 'runner', 'agent'] as const
const TARGETS_OF_SERVICES = [...SERVICES, 'broker', 'runner', 'agent', 'connections', 'connections', 'freezes'] as const

function disturbanceOf(chance: Chance, target: (typeof DISTURBANCES)[number]): Pick<Disturbance, 'fault' | 'forMs'> {
  switch (target) {
    case 'connections':
      return { fault: chance.pick(TCP_FAULTS), forMs: chance.between(50, 2500) }
    case 'freezes':
      return { fault: 'freeze', forMs: chance.between(50, 2500) }
    case 'partitions':
      return { fault: chance.pick(['freeze', 'loseAll', 'loseAnswers']), forMs: chance.between(21_000, 26_000) }
    default:
      return assertNever(target, 'disturbance')
  }
}

function isDisturbance(target: Target): target is (typeof DISTURBANCES)[number] {
  return DISTURBANCES.some((disturbance) => disturbance === target)
}

export function isService(target: string): target is Service {
  return SERVICES.some((service) => service === target)
}
