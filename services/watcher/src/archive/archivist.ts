import { logSubject } from '@orchestrator/shared/contracts'
import { backoffMs, type Clock, describeError, isAbort } from '@orchestrator/shared/core'
import type { Logs } from '@orchestrator/shared/nats'
import type { Logger } from '@orchestrator/shared/service'
import type { EndObservation, Observer } from '../observers/port.ts'
import type { StartedAttempt } from '../started-attempt.ts'
import type { Turns } from '../turns.ts'
import { recordedLines } from '../verdict.ts'
import type { LogArchive } from './port.ts'
import { LogIncomplete, linesOfSource, linesOfStream } from './whole-log.ts'

export interface ArchivistOptions {
  readonly attempt: StartedAttempt
  readonly archive: LogArchive
  readonly observer: Observer
  readonly logs: Pick<Logs, 'read'>
  /** Another watcher does it first while this one does not. */
  readonly lease: { readonly held: boolean }
  /** How many logs are archived at once. */
  readonly turns: Turns
  readonly clock: Clock
  readonly logger: Logger
  readonly capBytes: number
  readonly intervalMs: number
}

const BACKOFF = { firstMs: 500, maxMs: 60_000 }
/** The others wait this long for the holder of the lease: two at once do no harm, only twice the work. */
const STANDBY_WAIT_MS = 5000

export interface ClosedLog {
  /** False: the stream was given up, and is not asked. */
  readonly inStream: boolean
  /** Watched here from its first moment: whether it is in the archive already is asked at the second try only. */
  readonly isNew: boolean
}

/**
 * What is left once an attempt's verdict is in the ledger and its log closed or given up: the log goes to the archive,
 * and only then the workload and its folder go. Cut anywhere or run twice at once, it ends the same.
 */
export class Archivist {
  readonly #options: ArchivistOptions

  constructor(options: ArchivistOptions) {
    this.#options = options
  }

  /** Returns when the log is archived and nothing of the workload is left. */
  async run(closed: ClosedLog, signal: AbortSignal): Promise<void> {
    const { clock, lease, logger, intervalMs } = this.#options
    let mayBeKept = !closed.isNew || !lease.held
    if (!lease.held) await clock.sleep(Math.min(STANDBY_WAIT_MS, intervalMs), signal)
    for (let tries = 1; ;) {
      try {
        if (await this.#step({ ...closed, mayBeKept }, signal)) return
        mayBeKept = true
        await clock.sleep(intervalMs, signal)
      } catch (error) {
        if (isAbort(error, signal)) throw error
        const waitMs = backoffMs(tries, BACKOFF)
        logger.warn({ problem: describeError(error), tries, waitMs }, 'log not archived')
        tries += 1
        mayBeKept = true
        await clock.sleep(waitMs, signal)
      }
    }
  }

  /** @returns whether all is done */
  async #step({ inStream, mayBeKept }: Trying, signal: AbortSignal): Promise<boolean> {
    const { attempt, archive, observer, turns } = this.#options
    const observation = await observer.look(attempt)
    if (observation.kind === 'running') return false
    await turns.run(async () => {
      if (!mayBeKept || !(await archive.has(attempt))) await this.#keep({ inStream, observation, signal })
    })
    return await observer.remove(attempt)
  }

  async #keep({ inStream, observation, signal }: Keeping): Promise<void> {
    const { attempt, logger } = this.#options
    const written = recordedLines(observation, attempt.submittedId)
    const origin =
      (inStream && (await this.#keepWholeStream(written, signal))) || (await this.#keepRest(written, signal))
    logger.info({ origin }, 'log archived')
  }

  async #keepWholeStream(written: number, signal: AbortSignal): Promise<'stream' | undefined> {
    try {
      return await this.#keepStream({ want: 'whole', written, signal })
    } catch (error) {
      if (error instanceof LogIncomplete) return undefined
      throw error
    }
  }

  /** The source has most; when it is gone, the stream has what is left. */
  async #keepRest(written: number, signal: AbortSignal): Promise<'stream' | 'source'> {
    const { attempt, archive, observer, capBytes } = this.#options
    const source = observer.lines(attempt)
    if ((await source.size()) === 0) return await this.#keepStream({ want: 'rest', written, signal })
    await archive.keep({ attempt, origin: 'source', lines: linesOfSource({ source, capBytes, written }), signal })
    return 'source'
  }

  async #keepStream(part: Pick<Parameters<typeof linesOfStream>[0], 'want' | 'written' | 'signal'>): Promise<'stream'> {
    const { attempt, archive, logs } = this.#options
    const { ref, submittedId } = attempt
    const lines = linesOfStream({ logs, subject: logSubject(ref), submittedId, ...part })
    await archive.keep({ attempt, origin: 'stream', lines, signal: part.signal })
    return 'stream'
  }
}

interface Trying extends Pick<ClosedLog, 'inStream'> {
  readonly mayBeKept: boolean
}

interface Keeping extends Pick<ClosedLog, 'inStream'> {
  readonly observation: EndObservation
  readonly signal: AbortSignal
}
