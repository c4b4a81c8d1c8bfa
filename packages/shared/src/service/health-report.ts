import { hostname } from 'node:os'
import { type CheckHealth, HEALTH_SUBJECT, type ServiceHealth } from '../contracts/index.ts'
import type { Clock } from '../core/index.ts'
import { type Broker, createNotices } from '../nats/index.ts'
import type { Health } from './app.ts'

/** Names this process to people: no two that run at the same time have one name. */
export function thisProcess(): string {
  return `${hostname()}/${process.pid}`
}

export interface HealthReportOptions {
  readonly service: string
  readonly replica: string
  readonly version: string
  readonly health: () => Health
  readonly broker: Broker
  readonly clock: Clock
  /** Last sequence of the ledger that its view has, where it has one. */
  readonly viewSequence?: () => number
}

export interface HealthReport extends Disposable {
  detail(): ServiceHealth
}

/** What was wrong for a shorter time may go unseen. */
const LOOK_MS = 1000

/** Looks at the checks of a service every second, and tells whoever asks over the broker how they stand, and since when. */
export function reportHealth(options: HealthReportOptions): HealthReport {
  const { broker, health, clock } = options
  const record = createHealthRecord(clock)
  const startedAt = clock.now().toISOString()
  const look = (): Health => {
    const now = health()
    record.note(now.checks)
    return now
  }
  const detail = (): ServiceHealth => {
    const { ready } = look()
    const { service, replica, version, viewSequence } = options
    const address = broker.nc.getServer()
    return {
      service,
      replica,
      version,
      startedAt,
      ready,
      broker: { address, version: broker.serverVersion, connected: broker.connected },
      checks: record.checks(),
      view: viewSequence === undefined ? null : { sequence: viewSequence(), lag: null },
    }
  }
  look()
  const owned = new DisposableStack()
  const timer = setInterval(look, LOOK_MS)
  owned.defer(() => clearInterval(timer))
  owned.defer(broker.onChange(look))
  owned.use(createNotices(broker).listen(HEALTH_SUBJECT, detail))
  return { detail, [Symbol.dispose]: () => owned.dispose() }
}

export interface HealthRecord {
  /** Name of a check → `ok`, or what is wrong, as it is now. */
  note(checks: Readonly<Record<string, string>>): void
  checks(): CheckHealth[]
}

/** Since when, and what was wrong last: from what is noted, one after the other. */
export function createHealthRecord({ now }: Pick<Clock, 'now'>): HealthRecord {
  const known = new Map<string, CheckHealth>()
  return {
    note: (checks) => {
      const at = now().toISOString()
      for (const [name, state] of Object.entries(checks))
        known.set(name, nextCheck(known.get(name), { name, state, at }))
    },
    checks: () => [...known.values()],
  }
}

interface Noted {
  readonly name: string
  readonly state: string
  readonly at: string
}

function nextCheck(before: CheckHealth | undefined, { name, state, at }: Noted): CheckHealth {
  const isOk = state === 'ok'
  const isSame = before !== undefined && (before.state === 'ok') === isOk
  const since = isSame ? before.since : at
  if (!isOk) return { name, state, since, lastProblem: { text: state, at: since, endedAt: null } }
  const problem = before?.lastProblem ?? null
  return { name, state, since, lastProblem: problem === null ? null : { ...problem, endedAt: problem.endedAt ?? at } }
}
