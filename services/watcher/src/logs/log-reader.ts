import type { LineSource } from '../observers/port.ts'
import { isBeyondHead, tailOf } from './byte-cap.ts'
import { AT_START, LineScanner, type ScannedLine } from './line-scanner.ts'

export interface LogReaderOptions {
  readonly source: LineSource
  readonly capBytes: number
}

export interface ReadLines {
  /** All lines, those beyond the cap too: what happened is told from them. */
  readonly seen: readonly ScannedLine[]
  /** Those that belong into the stream. */
  readonly kept: readonly ScannedLine[]
  /** Nothing more is there now. */
  readonly atEnd: boolean
}

const READ_BYTES = 256 * 1024

/** Reads one log forward within its byte cap. Made anew to read it again from the start. */
export class LogReader {
  readonly #options: LogReaderOptions
  #scanner = new LineScanner(AT_START)
  #mode: 'head' | 'held' | 'tail' = 'head'
  #heldFrom = 0
  #headLast = 0
  #highest = 0

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** Number of the last line that the log must have had, damaged ones at its end included. */
  get last(): number {
    return Math.max(this.#highest, this.#scanner.last + this.#scanner.damaged)
  }

  /** @param ended nothing is written any more, so that what is left without a newline counts, and the tail is known */
  async read(ended: boolean): Promise<ReadLines> {
    const chunk = await this.#options.source.read(this.#scanner.offset, READ_BYTES)
    if (chunk.length > 0) return this.#sort(this.#scanner.push(chunk), false)
    if (!ended) return { seen: [], kept: [], atEnd: true }
    const left = this.#sort(this.#scanner.end(), true)
    if (this.#mode !== 'held') return left
    await this.#turnToTail()
    return { ...left, atEnd: false }
  }

  #sort(seen: readonly ScannedLine[], atEnd: boolean): ReadLines {
    this.#highest = Math.max(this.#highest, this.#scanner.last)
    return { seen, kept: seen.filter((line) => this.#keeps(line)), atEnd }
  }

  #keeps(line: ScannedLine): boolean {
    if (this.#mode === 'head' && isBeyondHead(line, this.#options.capBytes)) {
      this.#mode = 'held'
      this.#heldFrom = line.start
    }
    if (this.#mode === 'head') this.#headLast = line.seq
    return this.#mode !== 'held'
  }

  async #turnToTail(): Promise<void> {
    const { source, capBytes } = this.#options
    const { offset, amidLine } = tailOf({ size: await source.size(), heldFrom: this.#heldFrom, capBytes })
    this.#scanner = new LineScanner({ offset, last: this.#headLast, amidLine })
    this.#mode = 'tail'
  }
}
