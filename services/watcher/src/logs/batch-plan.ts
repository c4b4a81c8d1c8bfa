/** Which lines go into which batch, and where to go on after each answer of the broker. Data in, data out. */
import { LOG_BATCH_BYTES, type LogBatch, type LogGap } from '@orchestrator/shared/contracts'
import type { LogPublished } from '@orchestrator/shared/nats'
import type { ScannedLine } from './line-scanner.ts'

/** Where a log stands: everything below `next` is in a batch of the stream, or counted as a gap there. */
export interface Position {
  /** Sequence of the last batch on the subject, as far as we know; 0 for none. */
  readonly expectedSeq: number
  readonly next: number
  /** Lines that were in the stream once and are no more: told in the next batch. */
  readonly lost: LogGap | undefined
  /** How many lines below `next` the stream counts as gaps. */
  readonly missing: number
  /** Set once the closing batch is there; nothing follows it. */
  readonly closed: LogCounts | undefined
}

export interface LogCounts {
  /** Lines in the stream. */
  readonly lines: number
  /** Lines that are missing. */
  readonly gaps: number
}

type LastBatch = { readonly seq: number; readonly batch: LogBatch } | undefined

/** The head takes the rest of the batch. */
export const BATCH_LINES_BYTES = LOG_BATCH_BYTES - 4096
const MAX_GAPS = 64

/**
 * Where a watcher begins that has published nothing yet.
 * @param noted the last line noted in `attempt.progressed`: without a batch, what was published up to there is gone
 */
export function firstPosition(
  last: LastBatch,
  { submittedId, noted }: { submittedId: string; noted: number },
): Position {
  const start: Position = { expectedSeq: last?.seq ?? 0, next: 1, lost: undefined, missing: 0, closed: undefined }
  if (last === undefined) return goOnAfterLoss(start, noted)
  return followBatch(start, last.batch, submittedId)
}

export function afterPublished(position: Position, { head }: LogBatch, answer: LogPublished): Position {
  if (answer.kind === 'stored') {
    return { ...passOver(position, head), expectedSeq: answer.seq, closed: head.closing ?? position.closed }
  }
  const refused = { ...position, expectedSeq: answer.seq }
  if (answer.batch !== undefined) return followBatch(refused, answer.batch, head.submittedId)
  return goOnAfterLoss(refused, position.next - 1)
}

/** Somebody's batch is the last one there: go on after it. One of another attempt with this name says nothing. */
function followBatch(position: Position, { head }: LogBatch, submittedId: string): Position {
  if (head.submittedId !== submittedId) return position
  return { ...passOver(position, head), closed: head.closing }
}

function passOver(position: Position, { last, missing = 0 }: LogBatch['head']): Position {
  return { ...position, next: last + 1, lost: undefined, missing }
}

/** The subject is empty: what was there up to `line` is no more. */
function goOnAfterLoss(position: Position, line: number): Position {
  if (line === 0) return position
  return { ...position, next: line + 1, lost: { first: 1, last: line }, missing: 0 }
}

/** The lines that `position` still needs, in order, as one batch; `undefined` when there is none. */
export function planBatch(
  position: Position,
  submittedId: string,
  lines: readonly ScannedLine[],
): LogBatch | undefined {
  const gaps: LogGap[] = position.lost === undefined ? [] : [position.lost]
  const taken: string[] = []
  let covered = position.next - 1
  let bytes = 0
  for (const line of lines) {
    if (line.seq <= covered) continue
    if (taken.length > 0 && (bytes + line.bytes > BATCH_LINES_BYTES || gaps.length >= MAX_GAPS)) break
    if (line.seq > covered + 1) gaps.push({ first: covered + 1, last: line.seq - 1 })
    taken.push(line.text)
    bytes += line.bytes
    covered = line.seq
  }
  if (taken.length === 0) return undefined
  return {
    head: {
      v: 1,
      submittedId,
      first: firstLine(position, gaps),
      last: covered,
      count: taken.length,
      gaps,
      ...missingWith(position, gaps),
    },
    lines: taken,
  }
}

function missingWith({ missing }: Position, gaps: readonly LogGap[]): Pick<LogBatch['head'], 'missing'> {
  const sum = gaps.reduce((total, { first, last }) => total + last - first + 1, missing)
  return sum === 0 ? {} : { missing: sum }
}

/** Gaps before the first line are none of the batch's own numbers. */
function firstLine({ next }: Position, gaps: readonly LogGap[]): number {
  return (gaps.find((gap) => gap.first === next)?.last ?? next - 1) + 1
}

/**
 * The closing batch: says how many lines there are, and which are missing at the end.
 * @param written number of the last line that was written
 */
export function closingBatch(position: Position, submittedId: string, written: number): LogBatch {
  const last = Math.max(position.next - 1, written)
  const atEnd = last >= position.next ? [{ first: position.next, last }] : []
  const gaps = [...(position.lost === undefined ? [] : [position.lost]), ...atEnd]
  const told = missingWith(position, gaps)
  const closing: LogCounts = { lines: last - (told.missing ?? 0), gaps: told.missing ?? 0 }
  return { head: { v: 1, submittedId, first: last + 1, last, count: 0, gaps, ...told, closing }, lines: [] }
}
