import type { LogBatch } from '@orchestrator/shared/contracts'
import type { Logs } from '@orchestrator/shared/nats'
import {
  afterPublished,
  BATCH_LINES_BYTES,
  closingBatch,
  firstPosition,
  type LogCounts,
  planBatch,
  type Position,
} from './batch-plan.ts'
import type { ScannedLine } from './line-scanner.ts'
import { createLogCopy } from './log-copy.ts'
import { LogReader, type LogReaderOptions } from './log-reader.ts'

export interface LogShipperOptions extends LogReaderOptions {
  readonly logs: Logs
  /** The log's subject. */
  readonly subject: string
  readonly submittedId: string
  /** Nobody has watched it before: it is begun without asking the stream, which refuses where that is wrong. */
  readonly isNew: boolean
  /** Last line noted in `attempt.progressed`, 0 for none: asked only when the stream has no batch. */
  readonly notedLine: (signal: AbortSignal) => Promise<number>
  /** Every line once, in order, also those that the cap keeps out of the stream. */
  readonly onLine: (line: ScannedLine) => void
}

const NOWHERE = firstPosition(undefined, { submittedId: '', noted: 0 })

export interface LogEnd {
  /** At least this many lines were written, as the result record says. */
  readonly lines: number
}

/**
 * Brings one log into the stream. Cut anywhere, made anew, or run twice at once, it ends with every line once or in a
 * counted gap: the stream is what it goes on from, and each publish names the batch that it follows.
 */
export class LogShipper {
  readonly #options: LogShipperOptions
  #reader: LogReader
  #position: Position | undefined
  /** Read, kept, and not yet known to be in the stream. */
  #queue: ScannedLine[] = []
  #queuedBytes = 0
  #told = 0
  readonly #copy = createLogCopy()

  constructor(options: LogShipperOptions) {
    this.#options = options
    this.#reader = new LogReader(options)
  }

  /** Where it stands; until the stream was asked, at the start. */
  get position(): Position {
    return this.#position ?? NOWHERE
  }

  get closed(): LogCounts | undefined {
    return this.position.closed
  }

  /** All that the stream holds of the closed log, where that is known and small. */
  get copy(): readonly LogBatch[] | undefined {
    return this.#copy.whole
  }

  /** Number of the last line that is in the stream, or counted there as missing. */
  get covered(): number {
    return this.position.next - 1
  }

  /** Ships what is there now; given the log's end, closes it. @throws RetryableError: call again, nothing is lost */
  async ship(end: LogEnd | undefined, signal: AbortSignal): Promise<void> {
    this.#position ??= await this.#begin(signal)
    while (this.closed === undefined) {
      signal.throwIfAborted()
      const reader = this.#reader
      const atEnd = await this.#readMore(end !== undefined)
      await this.#publishQueue(atEnd ? 1 : BATCH_LINES_BYTES)
      // Sent back to the start by a refusal, or not at the end yet.
      if (reader !== this.#reader || !atEnd) continue
      if (end === undefined) return
      await this.#close(end)
    }
  }

  /** Ships nothing: asks the stream whether somebody else has closed the log. */
  async look(signal: AbortSignal): Promise<void> {
    const { logs, subject, submittedId } = this.#options
    const last = await logs.last(subject, signal)
    const position = firstPosition(last, { submittedId, noted: 0 })
    if (position.closed !== undefined) this.#position = position
  }

  async #begin(signal: AbortSignal): Promise<Position> {
    const { logs, subject, submittedId, isNew, notedLine } = this.#options
    if (isNew) return firstPosition(undefined, { submittedId, noted: 0 })
    const last = await logs.last(subject, signal)
    return firstPosition(last, { submittedId, noted: last === undefined ? await notedLine(signal) : 0 })
  }

  /** @returns true when there is no more for now */
  async #readMore(ended: boolean): Promise<boolean> {
    const { seen, kept, atEnd } = await this.#reader.read(ended)
    for (const line of seen) {
      if (line.seq <= this.#told) continue
      this.#told = line.seq
      this.#options.onLine(line)
    }
    this.#queue.push(...kept)
    this.#settle()
    return atEnd
  }

  async #publishQueue(minBytes: number): Promise<void> {
    while (this.#queuedBytes >= minBytes) {
      const { position, closed } = this
      const batch = planBatch(position, this.#options.submittedId, this.#queue)
      if (batch === undefined || closed !== undefined) return
      await this.#publish(position, batch)
    }
  }

  async #close(end: LogEnd): Promise<void> {
    const { position } = this
    if (position.closed !== undefined) return
    const written = Math.max(this.#reader.last, end.lines)
    await this.#publish(position, closingBatch(position, this.#options.submittedId, written))
  }

  async #publish(before: Position, batch: LogBatch): Promise<void> {
    const answer = await this.#options.logs.publish(this.#options.subject, batch, before.expectedSeq)
    this.#copy.published(batch, before.expectedSeq, answer)
    const position = afterPublished(before, batch, answer)
    this.#position = position
    if (position.next < before.next) this.#rewind()
    this.#settle()
  }

  /** The stream has less than it had: what it needs was let go here, so the log is read again. */
  #rewind(): void {
    this.#reader = new LogReader(this.#options)
    this.#queue = []
  }

  /** Lines that the stream has by now leave the queue. */
  #settle(): void {
    const { next } = this.position
    const waiting = this.#queue.findIndex(({ seq }) => seq >= next)
    this.#queue = waiting < 0 ? [] : this.#queue.slice(waiting)
    this.#queuedBytes = this.#queue.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
