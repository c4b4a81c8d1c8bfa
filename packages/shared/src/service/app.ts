import type { Settings } from '../contracts/index.ts'
import type { Clock } from '../core/index.ts'
import type { Logger } from './logger.ts'

/** Everything a service's composition root is given; the environment and the process stay outside. */
export interface AppContext<C> {
  readonly config: C
  readonly settings: Settings
  readonly logger: Logger
  readonly clock: Clock
}

export interface Health {
  readonly ready: boolean
  /** Name of a check → `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>
}

/** A running service, alone in its process or beside others. Disposing stops intake, drains, then closes. */
export interface App extends AsyncDisposable {
  readonly name: string
  health(): Health
  /** Never fulfils; rejects when a part of the service has died for good, so that its owner ends it. */
  readonly failed: Promise<never>
}

/** Readiness from checks: ready when all are `ok`. */
export function healthOf(checks: Readonly<Record<string, string>>): Health {
  return { ready: Object.values(checks).every((check) => check === 'ok'), checks }
}
