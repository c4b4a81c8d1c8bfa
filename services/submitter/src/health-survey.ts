import { HEALTH_SUBJECT, type InstallationHealth, ServiceHealth } from '@orchestrator/shared/contracts'
import type { Broker, Ledger, Notices } from '@orchestrator/shared/nats'
import type { HealthReport } from '@orchestrator/shared/service'

export interface HealthSurveyDependencies {
  /** Of this replica. */
  readonly own: Pick<HealthReport, 'detail'>
  readonly notices: Pick<Notices, 'gather'>
  readonly ledger: Pick<Ledger, 'lastSeq'>
  readonly broker: Pick<Broker, 'connected'>
}

/** How all services of the installation are, as far as they answer. */
export type HealthSurvey = (signal: AbortSignal) => Promise<InstallationHealth>

const SERVICES = ['submitter', 'launcher', 'watcher', 'notifier']
/** Enough for everybody on one network. */
const ANSWER_MS = 400

export function createHealthSurvey(dependencies: HealthSurveyDependencies): HealthSurvey {
  const { own, notices, ledger, broker } = dependencies
  const askOthers = async (): Promise<readonly ServiceHealth[]> => {
    const answers = await notices.gather(HEALTH_SUBJECT, {}, ANSWER_MS)
    return answers.flatMap((answer) => ServiceHealth.safeParse(answer).data ?? [])
  }
  return async (signal) => {
    // Without a broker there is nobody to ask, and that is what there is to tell.
    const others = broker.connected ? await askOthers().catch(() => []) : []
    const last = broker.connected ? await ledger.lastSeq(signal).catch(() => null) : null
    signal.throwIfAborted()
    return toInstallation([own.detail(), ...others], last)
  }
}

/** @param last sequence of the ledger. Pure. */
export function toInstallation(answers: readonly ServiceHealth[], last: number | null): InstallationHealth {
  const byReplica = new Map(answers.toReversed().map((one) => [`${one.service} ${one.replica}`, withLag(one, last)]))
  const services = [...byReplica.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  const missing = SERVICES.filter((name) => !services.some(({ service }) => service === name))
  return { ready: missing.length === 0 && services.every(({ ready }) => ready), services, missing }
}

function withLag(health: ServiceHealth, last: number | null): ServiceHealth {
  if (health.view === null || last === null) return health
  const { sequence } = health.view
  return { ...health, view: { sequence, lag: Math.max(0, last - sequence) } }
}
