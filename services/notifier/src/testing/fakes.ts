/** Ports of the broker by hand, for tests that choose what happens and when. */
import {
  type AttemptSpec,
  attemptSubject,
  createEvent,
  DEFAULT_LIMITS,
  type DeliveryDocument,
  deliveryKey,
  type LedgerEvent,
  parseSubject,
  type TaskRef,
  taskSubject,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { DocumentEntry, Documents, Ledger, StoredEvent } from '@orchestrator/shared/nats'
import type { Channel, ChannelKind, Telling, Told } from '../channels/port.ts'

export const TASK: TaskRef = { service: 'trader', tag: 'master', taskId: '1' }

function spec(task: TaskRef, n: number, guidance = 'Use reqwest.'): AttemptSpec {
  return {
    ...task,
    n,
    name: `${task.service}-claude-agent-1-task${task.taskId.replaceAll('.', '-')}-attempt${n}`,
    workspace: `workspace-${task.service}`,
    branch: `feature/task-${task.taskId}-implementation`,
    agent: 'claude-agent-1',
    model: 'sonnet',
    repository: { url: 'https://github.com/org/trader', branch: 'main', githubUser: 'claude-agent-1' },
    platform: { url: 'https://github.com/org/platform', branch: 'main', githubUser: 'claude-agent-1' },
    workingDirectory: task.service,
    prompt: { mode: 'append', guidance },
    limits: DEFAULT_LIMITS,
    gates: [],
  }
}

const TIME = new Date('2026-01-01T00:00:00Z')

export function submitted(task: TaskRef, n: number, guidance?: string): LedgerEvent {
  const attempt = spec(task, n, guidance)
  return createEvent({
    id: `submitted-${task.service}-${task.taskId}-${n}`,
    type: 'task.submitted',
    source: 'submitter',
    subject: attempt.name,
    time: TIME,
    data: { attempt, sources: {}, requestedBy: { door: 'cli', caller: 'ada' }, requestHash: 'hash' },
  })
}

export function started(task: TaskRef, n: number): LedgerEvent {
  const { name, branch } = spec(task, n)
  return createEvent({
    id: `started-${task.service}-${task.taskId}-${n}`,
    type: 'attempt.started',
    source: 'launcher',
    subject: name,
    time: TIME,
    data: {
      name,
      submittedId: `submitted-${task.service}-${task.taskId}-${n}`,
      runtime: 'process',
      location: 'machine',
      workloadUid: 'boot:1:2',
      epoch: { generation: 1, sequence: 1 },
      branch,
      repository: 'github.com/org/trader',
    },
  })
}

export function finished(task: TaskRef, n: number, message = 'The gates passed.'): LedgerEvent {
  const { name } = spec(task, n)
  return createEvent({
    id: `finished-${task.service}-${task.taskId}-${n}`,
    type: 'attempt.finished',
    source: 'watcher',
    subject: name,
    time: TIME,
    data: {
      name,
      submittedId: `submitted-${task.service}-${task.taskId}-${n}`,
      phase: 'Succeeded',
      reason: 'GatesPassed',
      message,
      verified: true,
    },
  })
}

export function subjectOf(task: TaskRef, n: number, event: LedgerEvent): string {
  return event.type === 'task.submitted' ? taskSubject(task) : attemptSubject({ ...task, n })
}

export interface FakeLedger extends Pick<Ledger, 'scan' | 'get'> {
  readonly stored: readonly StoredEvent<LedgerEvent>[]
  add(task: TaskRef, n: number, event: LedgerEvent): StoredEvent<LedgerEvent>
}

/** A ledger in memory; `time` says when the broker stores. */
export function createFakeLedger(time: () => Date = () => TIME): FakeLedger {
  const stored: StoredEvent<LedgerEvent>[] = []
  const isOf = (task: TaskRef, subject: string): boolean => {
    const ref = parseSubject(subject)
    return ref !== undefined && 'task' in ref && ref.task.service === task.service && ref.task.taskId === task.taskId
  }
  return {
    stored,
    add: (task, n, event) => {
      const subject = subjectOf(task, n, event)
      const entry = { seq: stored.length + 1, subject, time: time(), event }
      stored.push(entry)
      return entry
    },
    get: (seq) => Promise.resolve(stored[seq - 1]),
    scan: async function* ({ subjects = [], fromSeq = 1 }) {
      await Promise.resolve()
      const task = parseSubject(subjects[0] ?? '')
      for (const event of stored.slice(fromSeq - 1))
        if (task?.kind === 'task' && isOf(task.task, event.subject)) yield event
    },
  }
}

export interface FakeDocuments extends Documents<DeliveryDocument> {
  readonly entries: ReadonlyMap<string, DocumentEntry<DeliveryDocument>>
  writes: number
  /** Called before each operation, which waits for it; may throw. */
  before: (operation: 'get' | 'create' | 'update', key: string) => Promise<void>
  onChange: (entry: DocumentEntry<DeliveryDocument>) => void
}

/** A bucket in memory that keeps its promise: a write that does not name the latest revision is refused. */
export function createFakeDocuments(): FakeDocuments {
  const entries = new Map<string, DocumentEntry<DeliveryDocument>>()
  let revision = 0
  const store = (key: string, value: DeliveryDocument): number => {
    revision += 1
    const entry = { key, value, revision }
    entries.set(key, entry)
    fake.writes += 1
    fake.onChange(entry)
    return revision
  }
  const conflict = (key: string): RetryableError => new RetryableError('DOCUMENT_CONFLICT', `${key} was changed`)
  const fake: FakeDocuments = {
    entries,
    writes: 0,
    before: () => Promise.resolve(),
    onChange: () => undefined,
    get: async (key) => {
      await fake.before('get', key)
      return entries.get(key)
    },
    create: async (key, value) => {
      await fake.before('create', key)
      if (entries.has(key)) throw conflict(key)
      return store(key, value)
    },
    update: async (key, value, expected) => {
      await fake.before('update', key)
      if (entries.get(key)?.revision !== expected) throw conflict(key)
      return store(key, value)
    },
    remove: async (key) => {
      await fake.before('update', key)
      entries.delete(key)
    },
    list: () => Promise.resolve([...entries.values()]),
    watch: async function* () {
      await Promise.resolve()
      yield* entries.values()
    },
  }
  return fake
}

/** A channel that writes down what it is told; `answer` decides, and may wait. */
export interface FakeChannel extends Channel {
  readonly told: { readonly key: string; readonly seq: number }[]
  answer: (telling: Telling, signal: AbortSignal) => Told | Promise<Told>
}

export function createFakeChannel(kind: ChannelKind = 'each', name = 'hook'): FakeChannel {
  const told: { key: string; seq: number }[] = []
  const channel: FakeChannel = {
    name,
    kind,
    told,
    answer: () => 'delivered',
    tell: async (telling, signal) => {
      told.push({ key: deliveryKey(name, telling.task), seq: telling.events.at(-1)?.seq ?? 0 })
      return await channel.answer(telling, signal)
    },
  }
  return channel
}
