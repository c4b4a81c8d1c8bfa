import type { DatabaseSync } from 'node:sqlite'
import type { AttemptSpec } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { preparedLater } from './prepared-later.ts'
import { Submitted } from './rows.ts'

/** The spec of each service's newest attempt: what every submit asks for, so it is read and parsed once and then kept. */
export interface LatestSpecs {
  of(service: string): AttemptSpec | undefined
  /** An attempt that the view has just learnt of. */
  note(seq: number, spec: AttemptSpec): void
}

interface Latest {
  readonly seq: number
  /** Undefined for a service that has had none. */
  readonly spec: AttemptSpec | undefined
}

const LAST_OF_SERVICE = `
  SELECT submitted_seq, submitted FROM attempts INDEXED BY list_service
  WHERE service = ? AND submitted_seq > 0 ORDER BY submitted_seq DESC LIMIT 1`

const Row = z.object({ submitted_seq: z.int(), submitted: Submitted })
/** More services than any installation has; then all are read again. */
const MAX = 2000

export function createLatestSpecs(database: DatabaseSync): LatestSpecs {
  const statement = preparedLater(database, LAST_OF_SERVICE)
  const known = new Map<string, Latest>()
  const keep = (service: string, latest: Latest): void => {
    if (known.size === MAX) known.clear()
    known.set(service, latest)
  }
  const read = (service: string): Latest => {
    const found = statement().get(service)
    const row = found === undefined ? undefined : Row.parse(found)
    const latest = { seq: row?.submitted_seq ?? 0, spec: row?.submitted.attempt }
    keep(service, latest)
    return latest
  }
  return {
    of: (service) => (known.get(service) ?? read(service)).spec,
    note: (seq, spec) => {
      const before = known.get(spec.service)
      if (before !== undefined && before.seq < seq) keep(spec.service, { seq, spec })
    },
  }
}
