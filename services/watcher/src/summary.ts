/** `attempt.finished` made from a verdict, cut to what an event may weigh. */
import { type AttemptFinished, createEvent, EVENT_MAX_BYTES, type ResultSummary } from '@orchestrator/shared/contracts'
import { cutToJsonBytes, jsonBytes } from './json-size.ts'
import type { FoundRecord } from './observers/port.ts'
import type { StartedAttempt } from './started-attempt.ts'
import type { Verdict } from './verdict.ts'

export interface FinishedParts {
  readonly id: string
  readonly time: Date
  readonly attempt: StartedAttempt
  readonly verdict: Verdict
  /** Counts of the closed log, when it was closed in time. */
  readonly logs?: { readonly lines: number; readonly gaps: number }
}

const MESSAGE_BYTES = 1200
const REASON_BYTES = 100
const MAX_GATES = 16
const MAX_FLAGS = 6
const NAME_BYTES = 80
const DETAIL_BYTES = 150

/** At most `EVENT_MAX_BYTES`, whatever the record holds: lists and texts are cut and say so, the brief takes the rest. */
export function finishedEvent({ id, time, attempt, verdict, logs }: FinishedParts): AttemptFinished {
  const { found, phase, verified } = verdict
  const make = (briefBytes: number): AttemptFinished =>
    createEvent({
      id,
      type: 'attempt.finished',
      source: 'watcher',
      subject: attempt.name,
      time,
      data: {
        name: attempt.name,
        submittedId: attempt.submittedId,
        phase,
        reason: cutToJsonBytes(verdict.reason, REASON_BYTES),
        message: cutToJsonBytes(verdict.message, MESSAGE_BYTES),
        verified,
        ...(found === undefined ? {} : { result: summarise(found, briefBytes) }),
        ...(logs === undefined ? {} : { logs }),
      },
    })
  return make(EVENT_MAX_BYTES - jsonBytes(make(0)))
}

function summarise({ record, digest }: FoundRecord, briefBytes: number): ResultSummary {
  const { branch, pushedSha, commits, diffStat, usage, durationMs, brief } = record
  return {
    branch,
    pushedSha,
    commits: commits.length,
    diffStat,
    gates: summariseGates(record.gates),
    flags: summariseFlags(record),
    usage,
    durationMs,
    brief: cutToJsonBytes(brief, briefBytes),
    digest,
  }
}

/** Failed gates first where not all fit: they are why people read on. */
function summariseGates(gates: FoundRecord['record']['gates']): ResultSummary['gates'] {
  const fitting = gates.length <= MAX_GATES ? gates : gates.toSorted((a, b) => Number(a.passed) - Number(b.passed))
  return fitting.slice(0, MAX_GATES).map(({ name, passed, exitCode, durationMs }) => {
    return { name: cutToJsonBytes(name, NAME_BYTES), passed, exitCode, durationMs }
  })
}

function summariseFlags({ flags, gates }: FoundRecord['record']): ResultSummary['flags'] {
  const cut = [
    ...(gates.length > MAX_GATES ? [`${gates.length - MAX_GATES} of ${gates.length} gates`] : []),
    ...(flags.length > MAX_FLAGS ? [`${flags.length - MAX_FLAGS} of ${flags.length} flags`] : []),
  ]
  const kept = flags.slice(0, MAX_FLAGS).map(({ kind, detail }) => {
    return { kind: cutToJsonBytes(kind, NAME_BYTES), detail: cutToJsonBytes(detail, DETAIL_BYTES) }
  })
  if (cut.length === 0) return kept
  return [...kept, { kind: 'Cut', detail: `${cut.join(' and ')} are only in the result record` }]
}
