import { closeSync, openSync } from 'node:fs'
import { createFileSink } from '../lines/line-file.ts'
import type { Redaction } from '../lines/redaction.ts'

export interface GateLog extends Disposable {
  readonly write: (stream: 'stdout' | 'stderr', line: string, cutBytes: number) => void
  /** The last lines of both streams as they came, redacted. */
  tail(): string
}

const LOG_MAX_BYTES = 16 * 1024 * 1024
const TAIL_LINES = 60
const TAIL_MAX_BYTES = 6 * 1024
const TAIL_LINE_MAX = 500

/** One file for one gate: the beginning of a long output, while the tail always has its end. */
export function openGateLog(path: string, redaction: Redaction): GateLog {
  const descriptor = openSync(path, 'w', 0o644)
  const sink = createFileSink(descriptor)
  const streams = { stdout: redaction.stream(), stderr: redaction.stream() }
  const last: string[] = []
  let bytes = 0
  return {
    write: (stream, given, givenCut) => {
      const { text, cutBytes } = streams[stream].line(given, givenCut)
      const line = cutBytes > 0 ? `${text}… [${cutBytes} bytes cut]` : text
      last.push(line.length > TAIL_LINE_MAX ? `${line.slice(0, TAIL_LINE_MAX)}…` : line)
      if (last.length > TAIL_LINES) last.shift()
      const before = bytes
      bytes += Buffer.byteLength(line) + 1
      if (bytes <= LOG_MAX_BYTES) sink.append(line)
      else if (before <= LOG_MAX_BYTES) sink.append('… [the rest is left out; the end is in the result]')
    },
    tail: () => endOf(last),
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

function endOf(lines: readonly string[]): string {
  const kept = [...lines]
  while (kept.length > 1 && Buffer.byteLength(kept.join('\n')) > TAIL_MAX_BYTES) kept.shift()
  return kept.join('\n')
}
