/** Logs: every line that a runner wrote is in the stream once, or in a counted gap that has a reason. Pure. */
import { decodeLogBatch, type LogBatch, logSubject } from '@orchestrator/shared/contracts'
import type { Breach, History, LinesFile, StoredMessage } from '../history.ts'
import type { LedgerAttempt, LedgerReading } from './attempts.ts'

export function checkLogs(history: History, ledger: LedgerReading): readonly Breach[] {
  const bySubject = Map.groupBy(history.logs, ({ subject }) => subject)
  const files = Map.groupBy(history.lines, ({ attempt }) => attempt)
  const expected = new Set(ledger.attempts.map(subjectOf))
  const strange = [...bySubject.keys()].filter((subject) => !expected.has(subject))
  return [
    ...strange.map((subject) => ({ rule: 'logs belong to attempts', detail: subject })),
    ...ledger.attempts.flatMap((attempt) =>
      checkLog({
        attempt,
        files: files.get(attempt.name) ?? [],
        messages: bySubject.get(subjectOf(attempt)) ?? [],
        killed: history.kills.some(({ submittedId }) => submittedId === attempt.submitted.event.id),
      }),
    ),
  ]
}

function subjectOf({ submitted }: LedgerAttempt): string {
  return logSubject(submitted.event.data.attempt)
}

interface LogFacts {
  readonly attempt: LedgerAttempt
  readonly files: readonly LinesFile[]
  readonly messages: readonly StoredMessage[]
  readonly killed: boolean
}

function checkLog({ attempt, files, messages, killed }: LogFacts): Breach[] {
  const started = attempt.started[0]?.event.data
  const fail = (rule: string, detail: string): Breach => ({ rule, detail: `${attempt.name}: ${detail}` })
  const others = files.filter(({ workloadUid, text }) => workloadUid !== started?.workloadUid && text !== '')
  const breaches = others.map(({ workloadUid }) =>
    fail('who was not let go says nothing', `runner ${workloadUid ?? 'never held'} wrote lines`),
  )
  if (started === undefined) return breaches
  const source = files.find(({ workloadUid }) => workloadUid === started.workloadUid)
  if (source === undefined) breaches.push(fail('what a runner writes is seen', 'its lines were not'))
  const written = writtenLines(source?.text ?? '')
  const batches = messages.map(({ text }) => decodeLogBatch(text))
  const log = readBatches(batches)
  breaches.push(...checkClosing(attempt, batches, log).map(({ rule, detail }) => fail(rule, detail)))
  for (const [seq, text] of written) {
    const copies = log.lines.get(seq) ?? []
    if (copies.length > 1) breaches.push(fail('no log line comes twice', `line ${seq}`))
    if (copies.length === 1 && copies[0] !== text)
      breaches.push(fail('log lines are as they were written', `line ${seq}`))
    if (copies.length === 0 && !log.gaps.has(seq))
      breaches.push(fail('no log line is lost without a word', `line ${seq} of ${written.size}`))
    if (copies.length > 0 && log.gaps.has(seq)) breaches.push(fail('a line that is there is no gap', `line ${seq}`))
  }
  const needless = [...log.gaps].filter((seq) => written.has(seq))
  if (needless.length > 0) {
    const why = killed ? ' (runner or agent was killed)' : ''
    breaches.push(fail('gaps have a reason', `lines ${needless.join(', ')} were written and are told as lost${why}`))
  }
  const invented = [...log.gaps].filter((seq) => !written.has(seq))
  if (invented.length > 0 && !killed)
    breaches.push(fail('gaps have a reason', `lines ${invented.join(', ')} were never written`))
  return breaches
}

/** Whole lines by number; what a killed runner has not finished is none. */
function writtenLines(text: string): ReadonlyMap<number, string> {
  const lines = text.split('\n').slice(0, -1)
  return new Map(lines.flatMap((line) => (seqOf(line) === undefined ? [] : [[seqOf(line) ?? 0, line] as const])))
}

function seqOf(line: string): number | undefined {
  const seq = /^\{"seq":(\d+)/.exec(line)?.[1]
  return seq === undefined ? undefined : Number(seq)
}

interface StreamedLog {
  readonly lines: ReadonlyMap<number, readonly string[]>
  readonly gaps: ReadonlySet<number>
}

function readBatches(batches: readonly LogBatch[]): StreamedLog {
  const lines = Map.groupBy(
    batches.flatMap((batch) => batch.lines),
    (line) => seqOf(line) ?? 0,
  )
  const gaps = new Set<number>()
  for (const { first, last } of batches.flatMap(({ head }) => head.gaps)) {
    for (let seq = first; seq <= last; seq += 1) gaps.add(seq)
  }
  return { lines, gaps }
}

function checkClosing(
  { submitted, finished }: LedgerAttempt,
  batches: readonly LogBatch[],
  log: StreamedLog,
): Breach[] {
  const foreign = batches.filter(({ head }) => head.submittedId !== submitted.event.id)
  const breaches: Breach[] = foreign.map(({ head }) => ({
    rule: 'a log belongs to one attempt',
    detail: head.submittedId,
  }))
  const closings = batches.filter(({ head }) => head.closing !== undefined)
  const closing = closings[0]?.head.closing
  if (closings.length > 1) breaches.push({ rule: 'a log is closed once', detail: `${closings.length} closing batches` })
  if (closing === undefined)
    return [...breaches, { rule: 'every log is closed', detail: `${batches.length} batches, none closing` }]
  if (batches.at(-1)?.head.closing === undefined)
    breaches.push({ rule: 'nothing follows the closing batch', detail: 'a batch does' })
  if (closing.lines !== log.lines.size || closing.gaps !== log.gaps.size) {
    const detail = `${closing.lines} lines and ${closing.gaps} gaps told, ${log.lines.size} and ${log.gaps.size} there`
    breaches.push({ rule: 'the closing batch counts right', detail })
  }
  const told = finished[0]?.event.data.logs
  if (told !== undefined && (told.lines !== closing.lines || told.gaps !== closing.gaps)) {
    breaches.push({
      rule: 'the end counts as the log does',
      detail: `${told.lines}/${told.gaps} told, ${closing.lines}/${closing.gaps} closed`,
    })
  }
  return breaches
}
