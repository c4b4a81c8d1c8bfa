/** Attempts, lines and records as a ledger and a runner write them. */
import {
  attemptName,
  type AttemptRef,
  type AttemptSpec,
  attemptSubject,
  createEvent,
  DEFAULT_LIMITS,
  type LedgerEvent,
  newEventId,
  NO_USAGE,
  type ResultRecord,
  type RunnerLineBody,
} from '@orchestrator/shared/contracts'
import type { StartedAttempt } from '../started-attempt.ts'

export function startedAttempt(change: Partial<StartedAttempt> = {}): StartedAttempt {
  const ref = change.ref ?? { service: 'trader', tag: 'master', taskId: '1.2', n: 1 }
  return {
    ref,
    subject: attemptSubject(ref),
    sequence: 2,
    name: `trader-claude-agent-1-task1-2-attempt${ref.n}`,
    submittedId: `submitted-${ref.n}`,
    runtime: 'process',
    location: 'machine-1',
    workloadUid: `11111111-1111-1111-1111-111111111111:42:${ref.n}`,
    generation: 1,
    branch: 'feature/task-1.2-implementation',
    repository: 'github.com/myorg/trader',
    ...change,
  }
}

export function resultRecord(change: Partial<ResultRecord> = {}): ResultRecord {
  return {
    v: 1,
    submittedId: 'submitted-1',
    name: 'trader-claude-agent-1-task1-2-attempt1',
    outcome: 'Succeeded',
    reason: 'GatesPassed',
    message: 'All gates passed.',
    verified: true,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:00.000Z',
    durationMs: 60_000,
    branch: 'feature/task-1.2-implementation',
    baseSha: 'a'.repeat(40),
    pushedSha: 'b'.repeat(40),
    commits: [{ sha: 'b'.repeat(40), author: 'claude-agent-1', subject: 'Add an order book' }],
    diffStat: { files: 1, insertions: 2, deletions: 3 },
    gates: [
      { name: 'tests', command: ['npm', 'test'], passed: true, exitCode: 0, timedOut: false, durationMs: 10, tail: '' },
    ],
    observedTests: [],
    criteria: [],
    flags: [],
    steps: [],
    git: [],
    usage: NO_USAGE,
    agent: null,
    savedWork: [],
    brief: '# What was done',
    lines: 3,
    ...change,
  }
}

export function lineText(seq: number, body: RunnerLineBody = { kind: 'text', text: `line ${seq}` }): string {
  return JSON.stringify({ seq, time: '2026-01-01T00:00:00.000Z', ...body })
}

export function startedEvent(attempt: StartedAttempt): Extract<LedgerEvent, { type: 'attempt.started' }> {
  const { name, submittedId, runtime, location, workloadUid, generation, branch, repository } = attempt
  const epoch = { generation, sequence: 1 }
  const data = { name, submittedId, runtime, location, workloadUid, epoch, branch, repository }
  return createEvent({
    id: newEventId(),
    type: 'attempt.started',
    source: 'launcher',
    subject: name,
    time: new Date(),
    data,
  })
}

export function stopEvent({ name }: StartedAttempt): Extract<LedgerEvent, { type: 'task.stopRequested' }> {
  const data = { name, requestedBy: { door: 'cli' as const, caller: 'lead' } }
  return createEvent({
    id: newEventId(),
    type: 'task.stopRequested',
    source: 'submitter',
    subject: name,
    time: new Date(),
    data,
  })
}

export function refOf(n: number): AttemptRef {
  return { service: 'trader', tag: 'master', taskId: '1.2', n }
}

export function attemptSpec(ref: AttemptRef): AttemptSpec {
  const agent = 'claude-agent-1'
  const repository = { url: 'https://github.com/myorg/trader.git', branch: 'main', githubUser: agent }
  return {
    ...ref,
    name: attemptName(ref, agent),
    workspace: 'workspace-trader',
    branch: 'feature/task-1.2-implementation',
    agent,
    model: 'sonnet',
    repository,
    platform: repository,
    workingDirectory: 'trader',
    prompt: { mode: 'append' },
    limits: DEFAULT_LIMITS,
    gates: [],
  }
}
