import { readFileSync } from 'node:fs'

/** From now on this process's wall clock is off by what the file says, in milliseconds, as a clock that somebody sets. */
export function shiftClock(file: string): void {
  const Real = Date
  const now = (): number => Real.now() + Number(readFileSync(file, 'utf8'))
  globalThis.Date = class extends Real {
    constructor(...given: [] | [number | string | Date]) {
      super(given.length === 0 ? now() : given[0])
    }

    static override now(): number {
      return now()
    }
  } as DateConstructor
}
