/** Bytes to lines with bounded memory: of a line longer than the bound only the beginning is kept, the rest counted. */
export interface LineSplitter {
  push(chunk: Uint8Array): void
  /** The last line may lack its newline. */
  end(): void
}

export interface LineSplitterOptions {
  readonly maxBytes: number
  readonly onLine: (line: string, cutBytes: number) => void
}

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

export function createLineSplitter({ maxBytes, onLine }: LineSplitterOptions): LineSplitter {
  let kept: Uint8Array[] = []
  let keptBytes = 0
  let cutBytes = 0

  const keep = (part: Uint8Array): void => {
    const taken = part.subarray(0, maxBytes - keptBytes)
    // A copy: the chunk's memory belongs to a larger pool that a small rest would keep alive.
    if (taken.length > 0) kept.push(Uint8Array.from(taken))
    keptBytes += taken.length
    cutBytes += part.length - taken.length
  }
  const finish = (): void => {
    const line = withoutCarriageReturn(Buffer.concat(kept))
    // Bytes that are no UTF-8, as at the place of the cut, become U+FFFD.
    onLine(line.toString('utf8'), cutBytes)
    kept = []
    keptBytes = 0
    cutBytes = 0
  }
  return {
    push: (chunk) => {
      let from = 0
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at))
        finish()
        from = at + 1
      }
      keep(chunk.subarray(from))
    },
    end: () => {
      if (keptBytes > 0 || cutBytes > 0) finish()
    },
  }
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
}
