/** The largest resident memory of a process, looked at again and again. */
import { processMeter } from '../measure/processes.ts'

export interface MemoryWatch extends Disposable {
  readonly nowMiB: number
  readonly peakMiB: number
}

const LOOK_EVERY_MS = 100
const MIB = 2 ** 20

export function watchMemory(pid: number): MemoryWatch {
  const { residentBytes } = processMeter(pid)
  let peak = 0
  const look = (): number => {
    const bytes = residentBytes()
    peak = Math.max(peak, bytes)
    return bytes
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return {
    get nowMiB() {
      return Math.round(look() / MIB)
    },
    get peakMiB() {
      return Math.round(peak / MIB)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
