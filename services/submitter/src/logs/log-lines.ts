/** From log batches to the lines of the API: what is asked for, gaps in their place, the end. Pure. */
import { type LogBatch, LogEndLine, type LogGap, LogGapLine } from '@orchestrator/shared/contracts'
import { z } from 'zod'

export interface LogPosition {
  /** The next line to hand out. */
  readonly next: number
  /** Lines told as lost so far. */
  readonly lost: number
}

export interface LogPart {
  /** JSON texts, one a line. */
  readonly lines: readonly string[]
  readonly position: LogPosition
  /** Nothing follows. */
  readonly ended: boolean
}

/** The lines of one batch from a position on. */
export function linesOfBatch({ head, lines }: LogBatch, position: LogPosition): LogPart {
  const gaps = [...letGo(head, position.next), ...head.gaps]
    .flatMap((gap) => gapFrom(gap, position.next))
    .toSorted((a, b) => a.first - b.first)
  const wanted = numberLines(lines, head.first, gaps.length > 0 || head.first < position.next).filter(
    ({ seq }) => seq >= position.next,
  )
  const merged = merge(wanted, gaps)
  const next = Math.max(position.next, head.last + 1, ...gaps.map(({ last }) => last + 1))
  const lost = position.lost + gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const end = head.closing === undefined ? [] : [endLine(head.closing)]
  return { lines: [...merged, ...end], position: { next, lost }, ended: head.closing !== undefined }
}

/** The first line that a batch tells of: also one that it only counts as lost. */
export function firstOf({ first, gaps }: LogBatch['head']): number {
  return Math.min(first, ...gaps.map((gap) => gap.first))
}

/** What the stream held before this batch and holds no more: batches follow each other without a hole. */
function letGo(head: LogBatch['head'], next: number): LogGap[] {
  const first = firstOf(head)
  return first > next ? [{ first: next, last: first - 1 }] : []
}

const ArchivedLine = z.union([z.object({ seq: z.int().min(1) }), LogGapLine, LogEndLine])

/** One line of an archived log from a position on. */
export function linesOfArchived(text: string, position: LogPosition): LogPart {
  const line = ArchivedLine.parse(JSON.parse(text))
  if ('seq' in line) {
    if (line.seq < position.next) return { lines: [], position, ended: false }
    return { lines: [text], position: { ...position, next: line.seq + 1 }, ended: false }
  }
  if (line.kind === 'end') return { lines: [endLine(line)], position, ended: true }
  const gaps = gapFrom(line, position.next)
  const lost = position.lost + gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const next = Math.max(position.next, line.last + 1)
  return { lines: gaps.map(gapLine), position: { next, lost }, ended: false }
}

/** Lines that are there, and lines that are lost. */
export interface LogCounts {
  readonly lines: number
  readonly gaps: number
}

/** The end of a log whose closing batch will not come: what is missing up to the count of its verdict is a gap. */
export function linesOfEnd({ next, lost }: LogPosition, told: LogCounts | undefined): readonly string[] {
  const last = told === undefined ? next - 1 : Math.max(next - 1, told.lines + told.gaps)
  const missing = last - next + 1
  const gap = missing > 0 ? [gapLine({ first: next, last })] : []
  return [...gap, endLine({ lines: last - lost - missing, gaps: lost + missing })]
}

interface NumberedLine {
  readonly seq: number
  readonly text: string
}

/** A batch without gaps numbers its lines by their place; else the lines are asked. */
function numberLines(lines: readonly string[], first: number, mustRead: boolean): NumberedLine[] {
  return lines.map((text, index) => ({ seq: mustRead ? (readSeq(text) ?? first + index) : first + index, text }))
}

function readSeq(text: string): number | undefined {
  const seq = /^\{"seq":(\d+)/.exec(text)?.[1]
  return seq === undefined ? undefined : Number(seq)
}

function gapFrom({ first, last }: LogGap, next: number): LogGap[] {
  return last < next ? [] : [{ first: Math.max(first, next), last }]
}

function merge(lines: readonly NumberedLine[], gaps: readonly LogGap[]): string[] {
  const placed = [...lines, ...gaps.map((gap) => ({ seq: gap.first, text: gapLine(gap) }))]
  return placed.toSorted((a, b) => a.seq - b.seq).map(({ text }) => text)
}

function gapLine({ first, last }: LogGap): string {
  return JSON.stringify({ kind: 'gap', first, last } satisfies z.infer<typeof LogGapLine>)
}

function endLine({ lines, gaps }: LogCounts): string {
  return JSON.stringify({ kind: 'end', lines, gaps } satisfies z.infer<typeof LogEndLine>)
}
