/** How hard a stop is by now: pure, so that the pace can be read as a table. */

export interface StopGraces {
  /** Between asking and SIGTERM. */
  readonly askMs: number
  /** Between SIGTERM and SIGKILL. */
  readonly termMs: number
}

/** When each measure was first taken, on a monotonic clock. */
export interface StopRecord {
  readonly askedAt: number | undefined
  readonly termAt: number | undefined
}

export type StopMeasure = 'ask' | 'term' | 'kill'

export interface StopMove {
  readonly measure: StopMeasure
  /** How long this measure still has. */
  readonly leftMs: number
}

export const NOT_STOPPED: StopRecord = { askedAt: undefined, termAt: undefined }

export function nextMeasure(record: StopRecord, { askMs, termMs }: StopGraces, now: number): StopMove {
  if (record.termAt !== undefined) {
    const leftMs = record.termAt + termMs - now
    return leftMs > 0 ? { measure: 'term', leftMs } : { measure: 'kill', leftMs: 0 }
  }
  const leftMs = (record.askedAt ?? now) + askMs - now
  return leftMs > 0 ? { measure: 'ask', leftMs } : { measure: 'term', leftMs: termMs }
}
