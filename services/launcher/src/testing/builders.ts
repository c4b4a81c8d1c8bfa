/** Values for the tests of this service. */
import {
  type AttemptSpec,
  attemptName,
  createEvent,
  DEFAULT_LIMITS,
  type LedgerEvent,
  type QueueEntry,
  taskBranch,
  type TaskSubmitted,
  workspaceName,
} from '@orchestrator/shared/contracts'
import type { AttemptHistory } from '../memory/attempt-history.ts'

const TIME = new Date('2026-01-01T00:00:00Z')
const PERSON = { door: 'cli', caller: 'lead' } as const

export interface AttemptInput {
  readonly service?: string
  readonly tag?: string
  readonly taskId?: string
  readonly n?: number
  readonly agent?: string
}

export function specOf(input: AttemptInput = {}, changes: Partial<AttemptSpec> = {}): AttemptSpec {
  const { service = 'trader', tag = 'master', taskId = '1', n = 1, agent = 'claude-agent-1' } = input
  const ref = { service, tag, taskId, n }
  return {
    ...ref,
    name: attemptName(ref, agent),
    workspace: workspaceName(service),
    branch: taskBranch(taskId),
    agent,
    model: 'sonnet',
    repository: { url: `https://github.com/org/${service}.git`, branch: 'main', githubUser: 'claude-agent-1' },
    platform: { url: 'https://github.com/org/platform.git', branch: 'main', githubUser: 'lead' },
    workingDirectory: service,
    prompt: { mode: 'append' },
    limits: DEFAULT_LIMITS,
    gates: [],
    ...changes,
  }
}

function submittedIdOf({ name }: Pick<AttemptSpec, 'name'>): string {
  return `submitted-${name}`
}

export function submitted(attempt: AttemptSpec): TaskSubmitted {
  return createEvent({
    id: submittedIdOf(attempt),
    type: 'task.submitted',
    source: 'submitter',
    subject: attempt.name,
    time: TIME,
    data: { attempt, sources: {}, requestedBy: PERSON, requestHash: 'hash' },
  })
}

type Named = Pick<AttemptSpec, 'name'>

export function stopRequested({ name }: Named): NonNullable<AttemptHistory['stop']> {
  const data = { name, requestedBy: PERSON }
  return createEvent({
    id: `stop-${name}`,
    type: 'task.stopRequested',
    source: 'submitter',
    subject: name,
    time: TIME,
    data,
  })
}

export function started(
  attempt: Named,
  workloadUid: string,
  location = 'here',
): NonNullable<AttemptHistory['started']> {
  const { name } = attempt
  const epoch = { generation: 1, sequence: 1 }
  return createEvent({
    id: `started-${name}`,
    type: 'attempt.started',
    source: 'launcher',
    subject: name,
    time: TIME,
    data: {
      name,
      submittedId: submittedIdOf(attempt),
      runtime: 'fake',
      location,
      workloadUid,
      epoch,
      branch: taskBranch('1'),
      repository: 'github.com/org/trader',
    },
  })
}

export function finished(
  attempt: Named,
  phase: 'Succeeded' | 'Failed' | 'Stopped' = 'Succeeded',
): NonNullable<AttemptHistory['finished']> {
  const { name } = attempt
  const data = { name, submittedId: submittedIdOf(attempt), phase, reason: 'Other', message: 'ended', verified: false }
  return createEvent({
    id: `finished-${name}`,
    type: 'attempt.finished',
    source: 'watcher',
    subject: name,
    time: TIME,
    data,
  })
}

export function released(service: string, workloadUid: string): LedgerEvent {
  const workspace = workspaceName(service)
  return createEvent({
    id: `released-${workloadUid}`,
    type: 'workspace.released',
    source: 'submitter',
    subject: workspace,
    time: TIME,
    data: { workspace, workloadUid, requestedBy: PERSON },
  })
}

export function entryOf(spec: AttemptSpec, sequence: number, stop = false): QueueEntry {
  const { service, tag, taskId, n, name, agent } = spec
  return { service, tag, taskId, n, name, agent, submittedId: submittedIdOf(spec), sequence, stopRequested: stop }
}

export const NOTHING: AttemptHistory = { stop: undefined, started: undefined, finished: undefined }
