import { RUNNER_LINE_MAX_BYTES, type RunnerLineBody } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { LineLog } from '../ports.ts'
import { boundLine } from './bounds.ts'
import type { LineSink } from './line-file.ts'
import type { Redaction, StreamRedaction } from './redaction.ts'

export interface LineLogDependencies {
  readonly sink: LineSink
  readonly redaction: Redaction
  readonly clock: Clock
  /** Sees every line as it was given, before redaction: keep nothing of it unredacted. */
  readonly onLine: (body: RunnerLineBody) => void
  /** Bytes of the agent's own output that are kept; what follows is counted, because a disk is not endless. */
  readonly outputMaxBytes: number
}

export interface RunnerLog extends LineLog {
  /** Says in a note how much output was left out; nothing when all is there. */
  noteLeftOut(): void
}

/** The newline counts, and the number may be wider than the one measured. */
const LINE_MAX_BYTES = RUNNER_LINE_MAX_BYTES - 1

export function createLineLog({ sink, redaction, clock, onLine, outputMaxBytes }: LineLogDependencies): RunnerLog {
  const streams: Record<'stdout' | 'stderr', StreamRedaction> = {
    stdout: redaction.stream(),
    stderr: redaction.stream(),
  }
  let seq = 0
  let outputBytes = 0
  let leftOut = { lines: 0, bytes: 0 }

  const append = (body: RunnerLineBody): number => {
    seq += 1
    const line = JSON.stringify({ seq, time: clock.now().toISOString(), ...body }, redaction.replacer)
    sink.append(Buffer.byteLength(line) > LINE_MAX_BYTES ? boundLine(line, LINE_MAX_BYTES) : line)
    return seq
  }
  const appendOutput = (body: Extract<RunnerLineBody, { kind: 'output' }>): number => {
    const { text, cutBytes } = streams[body.stream].line(body.text, body.cut ?? 0)
    const bytes = Buffer.byteLength(text)
    outputBytes += bytes
    if (outputBytes > outputMaxBytes) {
      leftOut = { lines: leftOut.lines + 1, bytes: leftOut.bytes + bytes }
      if (leftOut.lines === 1)
        append({
          kind: 'note',
          level: 'warning',
          text: 'the agent has printed more than is kept: its further output is only counted',
        })
      return seq
    }
    return append({ kind: 'output', stream: body.stream, text, ...(cutBytes > 0 ? { cut: cutBytes } : {}) })
  }
  return {
    get lines() {
      return seq
    },
    write: (body) => {
      onLine(body)
      return body.kind === 'output' ? appendOutput(body) : append(body)
    },
    noteLeftOut: () => {
      if (leftOut.lines === 0) return
      append({
        kind: 'note',
        level: 'warning',
        text: `${leftOut.lines} lines of output (${leftOut.bytes} bytes) were left out`,
      })
      leftOut = { lines: 0, bytes: 0 }
    },
  }
}
