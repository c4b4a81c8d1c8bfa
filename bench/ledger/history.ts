/** What a broker holds of an installation's past: attempts that have ended, and all that stays of them. */
import {
  type AttemptRef,
  attemptSubject,
  branchKey,
  deliveryKey,
  encodeLogBatch,
  logSubject,
  progressSubject,
  taskSubject,
} from '@orchestrator/shared/contracts'
import { finishedEvent, progressedEvent, startedEvent, submittedEvent } from '@orchestrator/testing'

export interface Message {
  readonly subject: string
  readonly text: string
}

const SERVICES = 200
/** Every so many attempts one is the second of its task. */
const RETRY_EVERY = 10
const CHANNEL = 'team'

export interface HistoryOptions {
  readonly attempts: number
  /** Of the newest ones progress and logs are still there. */
  readonly recent: number
}

/** The attempt with this number, counted from 0 in the order of submission. */
function attemptOf(i: number): AttemptRef {
  const isRetry = i % RETRY_EVERY === RETRY_EVERY - 1
  const task = isRetry ? i - RETRY_EVERY / 2 : i
  return {
    service: `service-${task % SERVICES}`,
    tag: 'master',
    taskId: String(Math.floor(task / SERVICES) + 1),
    n: isRetry ? 2 : 1,
  }
}

export function attemptNameOf(i: number): string {
  return submittedEvent(attemptOf(i)).data.attempt.name
}

/** Everything in the order in which it would have come. */
export function* historyOf({ attempts, recent }: HistoryOptions): Generator<Message> {
  for (let i = 0; i < attempts; i += 1) {
    yield* ledgerOf(i)
    if (i >= attempts - recent) yield* traceOf(attemptOf(i))
  }
  for (let i = 0; i < Math.min(SERVICES, attempts); i += 1) yield workspaceOf(`service-${i}`)
}

function* ledgerOf(i: number): Generator<Message> {
  const ref = attemptOf(i)
  const submitted = submittedEvent(ref)
  const { id: submittedId } = submitted
  const repository = { ...submitted.data.attempt.repository, url: `https://github.com/example/${ref.service}.git` }
  const data = { ...submitted.data, attempt: { ...submitted.data.attempt, repository } }
  const [started, finished] = [startedEvent(ref), finishedEvent(ref)]
  const { branch } = data.attempt
  yield message(taskSubject(ref), { ...submitted, data })
  yield message(attemptSubject(ref), { ...started, data: { ...started.data, submittedId } })
  yield message(attemptSubject(ref), { ...finished, data: { ...finished.data, submittedId, result: resultOn(branch) } })
  if (ref.n > 1) return
  const { service, tag, taskId } = ref
  const key = branchKey(repository.url, branch)
  yield message(`$KV.branches.${key}`, { v: 1, service, tag, taskId, repository: repository.url, branch })
  const sent = i * 3 + 3
  const delivery = { v: 1, channel: CHANNEL, service, tag, taskId, dirty: sent, sent, holder: '', beat: 6 }
  yield message(`$KV.deliveries.${deliveryKey(CHANNEL, ref)}`, delivery)
}

function* traceOf(ref: AttemptRef): Generator<Message> {
  const progressed = progressedEvent(ref)
  const steps = ['workspace', 'implementing', 'testing', 'gates'] as const
  for (const step of steps) {
    const data = {
      ...progressed.data,
      step,
      lastText: 'All tests pass now.',
      lastActions: ['Edit src/book.rs', 'cargo test'],
    }
    yield message(progressSubject(ref), { ...progressed, data })
  }
  const lines = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({ seq: i + 1, kind: 'text', text: 'x'.repeat(160) }),
  )
  const head = { v: 1 as const, submittedId: 'submitted', first: 1, last: 40, count: 40, gaps: [] }
  yield { subject: logSubject(ref), text: encodeLogBatch({ head, lines }) }
}

function workspaceOf(service: string): Message {
  return message(`$KV.workspaces.${service}`, { v: 1, service, grant: null, entries: [], overflowAfter: null })
}

function resultOn(branch: string): object {
  return {
    branch,
    pushedSha: 'b'.repeat(40),
    commits: 3,
    diffStat: { files: 4, insertions: 120, deletions: 14 },
    gates: [{ name: 'tests', passed: true, exitCode: 0, durationMs: 41_000 }],
    flags: [],
    usage: { toolCalls: 61, inputTokens: 412_000, outputTokens: 9800, costUsd: 1.9, turns: 48 },
    durationMs: 1_260_000,
    brief: `# What was done\n\n${'The order book keeps its levels in a tree now. '.repeat(12)}`,
    digest: 'd'.repeat(64),
  }
}

function message(subject: string, body: object): Message {
  return { subject, text: JSON.stringify(body) }
}
