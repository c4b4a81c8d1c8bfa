import { writeSync } from 'node:fs'

/** Where lines go. What `append` accepted is with the kernel: nothing that kills this process loses it. */
export interface LineSink {
  /** False when it could not be written whole: the line is lost, and its number with it. */
  append(line: string): boolean
}

/** A file that is already open, usually standard output. A full disk costs lines, never the attempt. */
export function createFileSink(descriptor: number): LineSink {
  let torn = false
  return {
    append: (line) => {
      // After a torn line a fresh one begins, so that only the torn one cannot be read.
      const bytes = Buffer.from(torn ? `\n${line}\n` : `${line}\n`)
      const written = writeAsMuchAsPossible(descriptor, bytes)
      torn = written === 0 ? torn : written < bytes.length
      return written === bytes.length
    },
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4))
const PAUSE_MS = 2

function writeAsMuchAsPossible(descriptor: number, bytes: Uint8Array): number {
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return written
      // A pipe whose reader is slow: nothing else may happen before this line is out.
      Atomics.wait(PAUSE, 0, 0, PAUSE_MS)
    }
  }
  return written
}
