import type { Broker } from '@orchestrator/shared/nats'
import type { Disturbance, Victim } from './schedule.ts'

/** A whole installation under test, in one folder. */
export interface Site extends AsyncDisposable {
  /** Of the HTTP API, one for each replica of the submitter. */
  readonly urls: readonly string[]
  /** Where launcher, runner and watcher keep their files. */
  readonly stateDirectory: string
  /** Kills one process, and starts it again after a pause. @returns false when there was none to kill */
  kill(victim: Victim, replica: number, pauseMs: number): Promise<boolean>
  /** @returns what ends it */
  inflict(disturbance: Disturbance): () => void
  /** What is not ready yet, and why. */
  unready(): Promise<readonly string[]>
  /** A connection past all faults. */
  connect(): Promise<Broker>
  /** Last words of processes that ended by themselves. */
  ownEnds(): readonly string[]
  /** Copies what lies outside of the folder into it. */
  keep(): Promise<void>
}

export interface SiteOptions {
  /** Everything of the round lies below. */
  readonly folder: string
  readonly settingsFile: string
  /** Cache of compiled code. */
  readonly compiled: string
  readonly replicas: Readonly<Record<'submitter' | 'launcher' | 'watcher' | 'notifier', number>>
}
