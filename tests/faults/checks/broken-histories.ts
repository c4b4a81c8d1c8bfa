/** A round in which all went well, and the means to break it: for tests of the checks. */
import {
  type AttemptRef,
  attemptSubject,
  encodeLogBatch,
  type LogBatch,
  logSubject,
  type OrchestratorEvent,
  taskSubject,
} from '@orchestrator/shared/contracts'
import { finishedEvent, sampleAttempt, startedEvent, stopRequestedEvent, submittedEvent } from '@orchestrator/testing'
import type { History, LedgerMessage } from '../history.ts'

const SHA = 'a'.repeat(40)
export const FIRST = 'trader-claude-agent-1-task1-attempt1'
export const SECOND = 'trader-claude-agent-1-task1-attempt2'
export const FIRST_ID = 'submitted-1'
export const SECOND_ID = 'submitted-2'

export const first = sampleAttempt('1', 1)
export const second = sampleAttempt('1', 2)

export function submitted(ref: AttemptRef, { id, key }: { id: string; key: string }): LedgerMessage {
  const event = submittedEvent(ref, { id })
  return at(taskSubject(ref), { ...event, data: { ...event.data, idempotencyKey: `http/local/${key}` } })
}

export function started(ref: AttemptRef, { submittedId, uid }: { submittedId: string; uid: string }): LedgerMessage {
  const event = startedEvent(ref)
  return at(attemptSubject(ref), { ...event, data: { ...event.data, submittedId, workloadUid: uid } })
}

export type End = Partial<Extract<OrchestratorEvent, { type: 'attempt.finished' }>['data']>

export function finished(ref: AttemptRef, submittedId: string, end: End = {}): LedgerMessage {
  const event = finishedEvent(ref)
  const result = {
    branch: 'feature/task-1-implementation',
    pushedSha: SHA,
    commits: 1,
    diffStat: { files: 1, insertions: 1, deletions: 0 },
    gates: [],
    flags: [],
    usage: { toolCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: null, turns: 0 },
    durationMs: 1,
    brief: '',
    digest: '',
  }
  return at(attemptSubject(ref), { ...event, data: { ...event.data, submittedId, result, ...end } })
}

export function stopRequested(ref: AttemptRef): LedgerMessage {
  return at(attemptSubject(ref), stopRequestedEvent(ref))
}

function at(subject: string, event: OrchestratorEvent): LedgerMessage {
  return { seq: 0, subject, event }
}

/** In this order, from sequence 1 on. */
export function inSequence(messages: readonly LedgerMessage[]): readonly LedgerMessage[] {
  return messages.map((message, index) => ({ ...message, seq: index + 1 }))
}

export const wholeLedger = (): LedgerMessage[] => [
  submitted(first, { id: FIRST_ID, key: 'k1' }),
  started(first, { submittedId: FIRST_ID, uid: 'uid-1' }),
  finished(first, FIRST_ID),
  submitted(second, { id: SECOND_ID, key: 'k2' }),
  started(second, { submittedId: SECOND_ID, uid: 'uid-2' }),
  finished(second, SECOND_ID),
]

export const line = (seq: number): string =>
  JSON.stringify({ seq, time: '2026-01-01T00:00:00Z', kind: 'text', text: `line ${seq}` })

export function batch(submittedId: string, head: Partial<LogBatch['head']>, lines: readonly string[]): string {
  const base: LogBatch['head'] = { v: 1, submittedId, first: 1, last: lines.length, count: lines.length, gaps: [] }
  return encodeLogBatch({ head: { ...base, ...head }, lines })
}

export const closing = (submittedId: string, lines: number, gaps = 0): string =>
  batch(submittedId, { first: lines + gaps + 1, last: lines + gaps, count: 0, closing: { lines, gaps } }, [])

export const wholeHistory = (): History => ({
  acknowledged: [
    { key: 'k1', attempt: FIRST, n: 1, sequence: 1 },
    { key: 'k1', attempt: FIRST, n: 1, sequence: 1 },
    { key: 'k2', attempt: SECOND, n: 2, sequence: 4 },
  ],
  stops: [],
  refused: [],
  ledger: inSequence(wholeLedger()),
  marks: [FIRST_ID, SECOND_ID].flatMap((submittedId, index) =>
    (['begin', 'end'] as const).map((what) => ({ what, submittedId, service: 'trader', pid: String(index + 1) })),
  ),
  kills: [],
  lostLeases: 0,
  lines: [
    { attempt: FIRST, workloadUid: 'uid-1', text: `${line(1)}\n${line(2)}\n` },
    { attempt: FIRST, workloadUid: undefined, text: '' },
    { attempt: SECOND, workloadUid: 'uid-2', text: `${line(1)}\n` },
  ],
  logs: logsOf(first, [batch(FIRST_ID, {}, [line(1), line(2)]), closing(FIRST_ID, 2)]).concat(
    logsOf(second, [batch(SECOND_ID, {}, [line(1)]), closing(SECOND_ID, 1)]),
  ),
  told: [1, 2, 3, 4, 5, 6],
  commits: new Set([SHA]),
  views: [
    [
      { attempt: FIRST, phase: 'Succeeded' },
      { attempt: SECOND, phase: 'Succeeded' },
    ],
  ],
  deadLetters: [],
  leftovers: [],
})

export function logsOf(ref: AttemptRef, texts: readonly string[]): History['logs'][number][] {
  return texts.map((text, index) => ({ seq: index + 1, subject: logSubject(ref), text }))
}
