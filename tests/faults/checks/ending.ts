/** What became of each attempt: one start at most, one end, and the end that it deserves. Pure. */
import type { AcknowledgedStop, Breach, History } from '../history.ts'
import type { LedgerAttempt, LedgerReading } from './attempts.ts'

export function checkEndings(history: History, ledger: LedgerReading): readonly Breach[] {
  const killed = new Set(history.kills.flatMap(({ submittedId }) => submittedId ?? []))
  return [
    ...ledger.attempts.flatMap(startsOnce),
    ...ledger.attempts.flatMap(endsOnce),
    ...ledger.attempts.flatMap((attempt) => deservesItsEnd(attempt, { history, killed })),
    ...history.stops.flatMap((stop) => stopIsObeyed(stop, ledger.byName.get(stop.attempt))),
  ]
}

function startsOnce({ name, submitted, started, stops }: LedgerAttempt): Breach[] {
  const first = started[0]
  if (first === undefined) return []
  const breaches: Breach[] = []
  if (started.length > 1) {
    breaches.push({ rule: 'an attempt starts once', detail: `${name} at ${started.map(({ seq }) => seq).join(', ')}` })
  }
  if (stops.some(({ seq }) => seq < first.seq)) {
    breaches.push({
      rule: 'what was stopped before its start is not launched',
      detail: `${name} started at ${first.seq}`,
    })
  }
  if (first.event.data.submittedId !== submitted.event.id) {
    breaches.push({ rule: 'a start belongs to its submit', detail: name })
  }
  return breaches
}

function endsOnce({ name, submitted, finished, stops, lastSeq }: LedgerAttempt): Breach[] {
  const breaches: Breach[] = []
  const end = finished[0]
  if (end === undefined) return [{ rule: 'no attempt is lost', detail: `${name} has no end` }]
  if (finished.length > 1) {
    breaches.push({ rule: 'an attempt ends once', detail: `${name} at ${finished.map(({ seq }) => seq).join(', ')}` })
  }
  if (lastSeq > (finished.at(-1)?.seq ?? 0)) {
    breaches.push({ rule: 'nothing follows the end', detail: `${name}: ${lastSeq} after ${end.seq}` })
  }
  if (stops.length > 1) breaches.push({ rule: 'a stop is asked once', detail: name })
  if (end.event.data.submittedId !== submitted.event.id) {
    breaches.push({ rule: 'an end belongs to its submit', detail: name })
  }
  return breaches
}

interface Facts {
  readonly history: Pick<History, 'commits' | 'marks'>
  /** Whose runner or agent was killed. */
  readonly killed: ReadonlySet<string>
}

function deservesItsEnd({ name, submitted, stops, finished }: LedgerAttempt, { history, killed }: Facts): Breach[] {
  const end = finished[0]?.event.data
  if (end === undefined) return []
  const { phase, reason, message, result } = end
  if (phase === 'Succeeded') {
    const sha = result?.pushedSha ?? undefined
    const worked = history.marks.some(({ what, submittedId }) => what === 'begin' && submittedId === submitted.event.id)
    if (sha !== undefined && history.commits.has(sha) && worked) return []
    const detail = `${name}: pushed ${sha ?? 'nothing'}, agent ${worked ? 'ran' : 'never ran'}`
    return [{ rule: 'success is proven by a pushed commit', detail }]
  }
  if (killed.has(submitted.event.id)) return []
  if (phase === 'Stopped' && stops.length > 0) return []
  return [{ rule: 'what nobody killed or stopped succeeds', detail: `${name}: ${phase} ${reason}: ${message}` }]
}

/** It ended by the stop, by what it was doing until then, or before it. */
function stopIsObeyed(stop: AcknowledgedStop, attempt: LedgerAttempt | undefined): Breach[] {
  const rule = 'an acknowledged stop is in the ledger'
  if (attempt === undefined) return [{ rule, detail: `${stop.attempt} is not there at all` }]
  const asked = attempt.stops.some(({ seq }) => seq === stop.sequence)
  const hadEnded = attempt.finished.some(({ seq }) => seq === stop.sequence)
  if (stop.accepted ? asked : asked || hadEnded) return []
  return [{ rule, detail: `${stop.attempt}: nothing at ${stop.sequence} (accepted: ${stop.accepted})` }]
}
