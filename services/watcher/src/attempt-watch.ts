import { logSubject } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Ledger, Logs, Progress } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import { Archivist } from './archive/archivist.ts'
import type { LogArchive } from './archive/port.ts'
import { EndWatch } from './end-watch.ts'
import type { ScannedLine } from './logs/line-scanner.ts'
import { LogFollower } from './logs/log-follower.ts'
import { LogShipper } from './logs/log-shipper.ts'
import { readNotedLine } from './noted-line.ts'
import type { Observer } from './observers/port.ts'
import { ProgressTeller } from './progress/progress-teller.ts'
import type { StartedAttempt } from './started-attempt.ts'
import type { Turns } from './turns.ts'

export interface WatchWorld {
  readonly observer: Observer
  readonly ledger: Ledger
  readonly logs: Logs
  readonly progress: Progress
  readonly lease: { readonly held: boolean }
  readonly clock: Clock
  readonly logger: Logger
  readonly lookIntervalMs: number
  readonly logBytesPerAttempt: number
  /** How many logs are shipped at once. */
  readonly shipping: Turns
  readonly archive: LogArchive
  /** How many logs are archived at once. */
  readonly archiving: Turns
  /** The runtime has been listed once. */
  readonly listed: () => boolean
}

/** Everything that goes on for one attempt: its log and progress, and its end. */
export interface AttemptWatch {
  readonly stopRequested: () => void
  readonly finished: () => void
  readonly leaseChanged: () => void
  /** Progress is told once more. */
  readonly tellAgain: () => void
  /** Returns once the verdict is in the ledger, the log in the archive, and nothing of the workload is left. */
  run(signal: AbortSignal): Promise<void>
}

export interface WatchOrder {
  readonly attempt: StartedAttempt
  /** Nobody watched it before: no line of it can have been noted. */
  readonly isNew: boolean
  /** Its verdict is so old that its log is closed, or was given up. */
  readonly isPast: boolean
}

export function createAttemptWatch(world: WatchWorld, { attempt, isNew, isPast }: WatchOrder): AttemptWatch {
  const { observer, ledger, logs, progress, lease, clock, lookIntervalMs: intervalMs, listed } = world
  const logger = world.logger.child({ attempt: attempt.name })
  const teller = new ProgressTeller({ attempt, progress, clock, logger })
  const shipper = new LogShipper({
    logs,
    subject: logSubject(attempt.ref),
    submittedId: attempt.submittedId,
    source: observer.lines(attempt),
    capBytes: world.logBytesPerAttempt,
    isNew,
    notedLine: async (signal) => await readNotedLine(progress, attempt.ref, signal),
    onLine: (line) => {
      teller.see(line.value)
      if (isLastLine(line)) end.expectEnd()
    },
  })
  const log = new LogFollower({ shipper, teller, lease, turns: world.shipping, clock, logger, intervalMs })
  const end = new EndWatch({ attempt, observer, ledger, log, clock, logger, intervalMs, listed })
  const { archive, archiving: turns, logBytesPerAttempt: capBytes } = world
  const archivist = new Archivist({
    attempt,
    archive,
    observer,
    logs: { read: (options) => (shipper.copy === undefined ? logs.read(options) : each(shipper.copy)) },
    lease,
    turns,
    clock,
    logger,
    capBytes,
    intervalMs,
  })
  const watch = async (signal: AbortSignal): Promise<void> => {
    using _ = observer.hints(attempt, { onLines: () => log.wake(), onEnd: () => end.expectEnd() })
    await Promise.all([end.run(signal), log.run(signal)])
  }
  return {
    stopRequested: () => end.expectEnd(),
    finished: () => end.finished(),
    leaseChanged: () => log.wake(),
    tellAgain: () => {
      teller.tellAgain()
      log.wake()
    },
    run: async (signal) => {
      if (!isPast) await watch(signal)
      await archivist.run({ inStream: isPast || log.closed !== undefined, isNew }, signal)
    },
  }
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

/** After these a runner says nothing more. */
function isLastLine({ value }: ScannedLine): boolean {
  return 'kind' in value && (value.kind === 'summary' || value.kind === 'claim-lost')
}
