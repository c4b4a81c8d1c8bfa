/** Which part of a log is kept when it is longer than its cap: head and tail. The head is shipped at once, the tail at the end. */
import type { ScannedLine } from './line-scanner.ts'

const HEAD_SHARE = 0.75

/** What is held back once the head is full: from this offset on. */
export function isBeyondHead(line: Pick<ScannedLine, 'end'>, capBytes: number): boolean {
  return line.end > headBytes(capBytes)
}

export interface CapSituation {
  /** Of the whole log, which has ended. */
  readonly size: number
  /** Where the first line begins that was held back. */
  readonly heldFrom: number
  readonly capBytes: number
}

/** Where the tail begins; `amidLine` when that may be within a line, which is left out then. */
export function tailOf({ size, heldFrom, capBytes }: CapSituation): {
  readonly offset: number
  readonly amidLine: boolean
} {
  const tailStart = size - (capBytes - headBytes(capBytes))
  if (size <= capBytes || tailStart <= heldFrom) return { offset: heldFrom, amidLine: false }
  // From the byte before: a newline there means that a line begins exactly at the tail's start.
  return { offset: tailStart - 1, amidLine: true }
}

function headBytes(capBytes: number): number {
  return Math.floor(capBytes * HEAD_SHARE)
}
