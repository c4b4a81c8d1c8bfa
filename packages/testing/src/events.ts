/** Events as small as the contracts allow, for tests that need one and do not care for the rest. */
import {
  type AttemptFinished,
  attemptName,
  type AttemptProgressed,
  type AttemptRef,
  type AttemptStarted,
  createEvent,
  DEFAULT_LIMITS,
  newEventId,
  type StopRequested,
  type TaskSubmitted,
  workspaceName,
} from '@orchestrator/shared/contracts'

export interface SampleOptions {
  readonly id?: string
  readonly agent?: string
}

const AGENT = 'claude-agent-1'
const REQUESTED_BY = { door: 'http', caller: 'test' } as const

export function sampleAttempt(taskId = '1', n = 1, service = 'trader'): AttemptRef {
  return { service, tag: 'master', taskId, n }
}

const common = (ref: AttemptRef, { id = newEventId(), agent = AGENT }: SampleOptions) => {
  const name = attemptName(ref, agent)
  return { name, agent, head: { id, source: 'test', subject: name, time: new Date() } }
}

export function submittedEvent(ref: AttemptRef, options: SampleOptions = {}): TaskSubmitted {
  const { name, agent, head } = common(ref, options)
  const repository = { url: 'https://github.com/example/trader.git', branch: 'main', githubUser: agent }
  return createEvent({
    ...head,
    type: 'task.submitted',
    data: {
      attempt: {
        ...ref,
        name,
        workspace: workspaceName(ref.service),
        branch: `feature/task-${ref.taskId}-implementation`,
        agent,
        model: 'sonnet',
        repository,
        platform: repository,
        workingDirectory: ref.service,
        prompt: { mode: 'append' },
        limits: DEFAULT_LIMITS,
        gates: [],
      },
      sources: {},
      requestedBy: REQUESTED_BY,
      requestHash: 'hash',
    },
  })
}

export function stopRequestedEvent(ref: AttemptRef, options: SampleOptions = {}): StopRequested {
  const { name, head } = common(ref, options)
  return createEvent({ ...head, type: 'task.stopRequested', data: { name, requestedBy: REQUESTED_BY } })
}

export function startedEvent(ref: AttemptRef, options: SampleOptions = {}): AttemptStarted {
  const { name, head } = common(ref, options)
  return createEvent({
    ...head,
    type: 'attempt.started',
    data: {
      name,
      submittedId: 'submitted',
      runtime: 'process',
      location: 'machine',
      workloadUid: 'boot:1:1',
      epoch: { generation: 1, sequence: 1 },
      branch: `feature/task-${ref.taskId}-implementation`,
      repository: 'github.com/example/trader',
    },
  })
}

export function finishedEvent(ref: AttemptRef, options: SampleOptions = {}): AttemptFinished {
  const { name, head } = common(ref, options)
  return createEvent({
    ...head,
    type: 'attempt.finished',
    data: { name, submittedId: 'submitted', phase: 'Succeeded', reason: 'Completed', message: 'Done.', verified: true },
  })
}

export function progressedEvent(ref: AttemptRef, options: SampleOptions = {}): AttemptProgressed {
  const { name, head } = common(ref, options)
  return createEvent({ ...head, type: 'attempt.progressed', data: { name, phase: 'Running' } })
}
