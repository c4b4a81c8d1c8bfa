/** A log as the archive holds it: lines as they were written, gaps in their place, and the end with its counts. */
import type { LogBatch, LogEndLine, LogGapLine } from '@orchestrator/shared/contracts'
import type { Logs } from '@orchestrator/shared/nats'
import { z } from 'zod'
import { LogReader, type LogReaderOptions } from '../logs/log-reader.ts'

/** The stream does not hold the log from its first line to its closing batch. */
export class LogIncomplete extends Error {
  override readonly name = 'LogIncomplete'
}

export interface StreamedLog {
  readonly logs: Pick<Logs, 'read'>
  readonly subject: string
  readonly submittedId: string
  /** `whole`: throws {@link LogIncomplete} where something is missing; `rest`: says so with a gap. */
  readonly want: 'whole' | 'rest'
  /** At least this many lines were written. */
  readonly written: number
  readonly signal: AbortSignal
}

export async function* linesOfStream(log: StreamedLog): AsyncGenerator<string> {
  const text = new LogText()
  const whole = log.want === 'whole'
  let [covered, closed] = [0, false]
  for await (const batch of log.logs.read({ subject: log.subject, fromLine: 1, follow: false, signal: log.signal })) {
    if (batch.head.submittedId !== log.submittedId) continue
    if (whole && firstOf(batch) > covered + 1) throw new LogIncomplete(`lines after ${covered} are gone`)
    for (const [index, line] of batch.lines.entries()) yield* text.line(seqOf(line) ?? batch.head.first + index, line)
    covered = Math.max(covered, batch.head.last, ...batch.head.gaps.map(({ last }) => last))
    closed ||= batch.head.closing !== undefined
  }
  // Ended by the signal, not by the log.
  log.signal.throwIfAborted()
  if (whole && !closed) throw new LogIncomplete('there is no closing batch')
  yield* text.end(closed ? covered : Math.max(covered, log.written))
}

export interface SourcedLog extends LogReaderOptions {
  readonly written: number
}

/** What a workload wrote that has ended, within the same cap as in the stream. */
export async function* linesOfSource({ written, ...options }: SourcedLog): AsyncGenerator<string> {
  const text = new LogText()
  const reader = new LogReader(options)
  for (let atEnd = false; !atEnd;) {
    const read = await reader.read(true)
    for (const { seq, text: line } of read.kept) yield* text.line(seq, line)
    atEnd = read.atEnd
  }
  yield* text.end(Math.max(reader.last, written))
}

/** Puts gaps where numbers are missing, and counts. */
class LogText {
  #next = 1
  #lines = 0
  #gaps = 0

  line(seq: number, text: string): readonly string[] {
    if (seq < this.#next) return []
    const gap = this.#skipTo(seq)
    this.#next = seq + 1
    this.#lines += 1
    return [...gap, text]
  }

  end(last: number): readonly string[] {
    const gap = this.#skipTo(last + 1)
    const end = { kind: 'end', lines: this.#lines, gaps: this.#gaps } satisfies z.infer<typeof LogEndLine>
    return [...gap, JSON.stringify(end)]
  }

  #skipTo(seq: number): readonly string[] {
    if (seq <= this.#next) return []
    const gap = { kind: 'gap', first: this.#next, last: seq - 1 } satisfies z.infer<typeof LogGapLine>
    this.#gaps += seq - this.#next
    this.#next = seq
    return [JSON.stringify(gap)]
  }
}

function firstOf({ head }: LogBatch): number {
  return Math.min(head.first, ...head.gaps.map(({ first }) => first))
}

const Numbered = z.object({ seq: z.int().min(1) })

function seqOf(line: string): number | undefined {
  const atStart = /^\{"seq":(\d{1,15})[,}]/.exec(line)?.[1]
  return atStart === undefined ? Numbered.safeParse(parseJson(line)).data?.seq : Number(atStart)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
