/** Values for tests that need one and do not care for the rest. */
import {
  type AttemptSpec,
  attemptName,
  createEvent,
  DEFAULT_LIMITS,
  Settings,
  type TaskSubmitted,
  taskSubject,
  workspaceName,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'

export const AGENT = 'claude-agent-1'
export const REPOSITORY = 'git@github.com:example/trader.git'
export const PLATFORM = 'https://github.com/example/platform.git'

export function sampleSettings(
  overrides: Partial<ReturnType<typeof Settings.parse>> | Record<string, unknown> = {},
): Settings {
  const agent = { adapter: 'command', command: ['true'] }
  return Settings.parse({
    agents: { [AGENT]: agent, 'claude-agent-2': { ...agent, githubUser: 'second-account' } },
    ...overrides,
  })
}

export function sampleSpec(overrides: Partial<AttemptSpec> = {}): AttemptSpec {
  const { service = 'trader', tag = 'master', taskId = '1', n = 1, agent = AGENT } = overrides
  return {
    service,
    tag,
    taskId,
    n,
    name: attemptName({ service, tag, taskId, n }, agent),
    workspace: workspaceName(service),
    branch: `feature/task-${taskId}-implementation`,
    agent,
    model: 'sonnet',
    repository: { url: REPOSITORY, branch: 'main', githubUser: agent },
    platform: { url: PLATFORM, branch: 'main', githubUser: agent },
    workingDirectory: service,
    prompt: { mode: 'append' },
    limits: DEFAULT_LIMITS,
    gates: [],
    ...overrides,
  }
}

export interface SampleSubmitted {
  readonly seq: number
  readonly spec?: Partial<AttemptSpec>
  readonly key?: string
  readonly requestHash?: string
}

/** A `task.submitted` as the ledger stores it. */
export function storedSubmit({
  seq,
  spec = {},
  key,
  requestHash = 'hash',
}: SampleSubmitted): StoredEvent<TaskSubmitted> {
  const attempt = sampleSpec(spec)
  const event = createEvent({
    id: `submitted-${seq}`,
    type: 'task.submitted',
    source: 'test',
    subject: attempt.name,
    time: new Date(seq * 1000),
    data: {
      attempt,
      sources: {},
      requestedBy: { door: 'http', caller: 'local' },
      requestHash,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    },
  })
  return { seq, subject: taskSubject(attempt), time: new Date(seq * 1000), event }
}
