/** From bytes to numbered lines. Whatever is no line of a runner is left out; its number is missing then, and counted. */
import { RUNNER_LINE_MAX_BYTES } from '@orchestrator/shared/contracts'

export interface ScannedLine {
  readonly seq: number
  /** As written, without the newline; bytes that are no UTF-8 replaced. */
  readonly text: string
  /** Of `text` in UTF-8, and a newline. */
  readonly bytes: number
  /** Where it lies in the source. */
  readonly start: number
  readonly end: number
  /** The parsed object, not checked beyond its number. */
  readonly value: object
}

export interface ScannerStart {
  readonly offset: number
  /** Number of the last line before it. */
  readonly last: number
  /** The offset may lie within a line: what comes before the next newline is skipped. */
  readonly amidLine: boolean
}

export const AT_START: ScannerStart = { offset: 0, last: 0, amidLine: false }

/** A number further ahead than this is damage, not a gap: believing it would swallow every line after it. */
const MAX_JUMP = 1_000_000
const NEWLINE = 0x0a
const EMPTY = Buffer.alloc(0)

/** Holds a piece of at most one line between two chunks, however long that line is. */
export class LineScanner {
  #rest: Buffer = EMPTY
  #restStart: number
  #skipping: boolean
  /** Of a tail the first number says where it begins. */
  #anyJump: boolean
  #last: number
  #damaged = 0

  constructor({ offset, last, amidLine }: ScannerStart) {
    this.#restStart = offset
    this.#last = last
    this.#skipping = amidLine
    this.#anyJump = amidLine
  }

  /** Offset of the first byte that was not pushed yet. */
  get offset(): number {
    return this.#restStart + this.#rest.length
  }

  /** Number of the last good line. */
  get last(): number {
    return this.#last
  }

  /** Lines since the last good one that were none. */
  get damaged(): number {
    return this.#damaged
  }

  push(chunk: Buffer): ScannedLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const found: ScannedLine[] = []
    let from = 0
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      const line = this.#take(bytes.subarray(from, to), this.#restStart + from)
      if (line !== undefined) found.push(line)
      from = to + 1
    }
    this.#keep(bytes.subarray(from), this.#restStart + from)
    return found
  }

  /** Nothing more comes: what is left without a newline is a line if it is whole. */
  end(): ScannedLine[] {
    const rest = this.#rest
    const start = this.#restStart
    if (rest.length === 0 && !this.#skipping) return []
    const line = this.#take(rest, start)
    this.#keep(EMPTY, start + rest.length)
    return line === undefined ? [] : [line]
  }

  #keep(rest: Buffer, start: number): void {
    const tooLong = this.#skipping || rest.length > RUNNER_LINE_MAX_BYTES
    this.#skipping = tooLong
    // A copy, so that a short rest does not keep its whole chunk alive.
    this.#rest = tooLong || rest.length === 0 ? EMPTY : Buffer.from(rest)
    this.#restStart = tooLong ? start + rest.length : start
  }

  #take(bytes: Buffer, start: number): ScannedLine | undefined {
    const skipped = this.#skipping
    this.#skipping = false
    if (skipped && this.#anyJump) return undefined
    const line = skipped || bytes.length > RUNNER_LINE_MAX_BYTES ? undefined : toLine(bytes, start)
    if (line === undefined || !this.#follows(line.seq)) {
      this.#damaged += 1
      return undefined
    }
    this.#last = line.seq
    this.#damaged = 0
    this.#anyJump = false
    return line
  }

  #follows(seq: number): boolean {
    return seq > this.#last && (this.#anyJump || seq - this.#last <= MAX_JUMP)
  }
}

function toLine(bytes: Buffer, start: number): ScannedLine | undefined {
  const text = bytes.toString('utf8')
  const value = parseObject(text)
  if (value === undefined || !('seq' in value)) return undefined
  const { seq } = value
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined
  return { seq, text, bytes: Buffer.byteLength(text) + 1, start, end: start + bytes.length + 1, value }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
