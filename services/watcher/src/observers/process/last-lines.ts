/** The end of a log that has ended: the one line that says how. */
import { RunnerLine } from '@orchestrator/shared/contracts'
import { LineScanner } from '../../logs/line-scanner.ts'
import type { LineSource, SummaryLine } from '../port.ts'

export interface LastWords {
  readonly summary?: SummaryLine
  readonly claimLost: boolean
}

const TAIL_BYTES = 64 * 1024

/** The summary counts only as the very last line. */
export async function readLastWords(source: LineSource): Promise<LastWords> {
  const size = await source.size()
  const offset = Math.max(0, size - TAIL_BYTES)
  const scanner = new LineScanner({ offset, last: 0, amidLine: offset > 0 })
  const lines = [...scanner.push(await source.read(offset, TAIL_BYTES)), ...scanner.end()]
  const parsed = RunnerLine.safeParse(lines.at(-1)?.value)
  if (!parsed.success) return { claimLost: false }
  const line = parsed.data
  return line.kind === 'summary' ? { summary: line, claimLost: false } : { claimLost: line.kind === 'claim-lost' }
}
