/** NATS subjects. Every one carries the tag; dots of task ids become `_`, because a dot separates tokens. */
import type { AttemptRef, ServiceName, TaskRef } from './identity.ts'

const token = (taskId: string): string => taskId.replaceAll('.', '_')
const taskTokens = ({ service, tag, taskId }: TaskRef): string => `${service}.${tag}.${token(taskId)}`

/** Holds every `task.submitted` of one task; its last sequence is what the next submit expects. */
export const taskSubject = (task: TaskRef): string => `task.${taskTokens(task)}`
/** Holds everything that happened to one attempt; nothing follows `attempt.finished` on it. */
export const attemptSubject = (ref: AttemptRef): string => `attempt.${taskTokens(ref)}.${ref.n}`
export const progressSubject = (ref: AttemptRef): string => `progress.${taskTokens(ref)}.${ref.n}`
export const logSubject = (ref: AttemptRef): string => `logs.${taskTokens(ref)}.${ref.n}`
export const workspaceSubject = (service: ServiceName): string => `workspace.${service}`

export const TASK_SUBJECTS = ['task.*.*.*', 'attempt.*.*.*.*', 'workspace.*'] as const
export const PROGRESS_SUBJECTS = ['progress.*.*.*.*'] as const
export const LOG_SUBJECTS = ['logs.*.*.*.*'] as const
/** What could not be handled; then, for each letter by its sequence, the wish to handle it again and what came of it. */
export const DEAD_LETTER_SUBJECTS = ['deadletter.*', 'replay.*.*', 'replayed.*.*'] as const
export const deadLetterSubject = (durable: string): string => `deadletter.${durable}`
export const replaySubject = (durable: string, letter: number | '*'): string => `replay.${durable}.${letter}`
export const replayedSubject = (durable: string, letter: number | '*'): string => `replayed.${durable}.${letter}`

/** Which events of the ledger: all when nothing is said. */
export type LedgerFilter = Partial<TaskRef>

/** Of a workspace only those who ask for no single task, because it serves all of its service. */
export function ledgerSubjects({ service = '*', tag, taskId }: LedgerFilter): string[] {
  const tokens = `${service}.${tag ?? '*'}.${taskId === undefined ? '*' : token(taskId)}`
  const workspace = tag === undefined && taskId === undefined ? [`workspace.${service}`] : []
  return [`task.${tokens}`, `attempt.${tokens}.*`, ...workspace]
}

/** All attempts of one task, numbers unknown. */
export const attemptsOfTask = (task: TaskRef): string => `attempt.${taskTokens(task)}.*`

export type SubjectRef =
  | { readonly kind: 'task'; readonly task: TaskRef }
  | { readonly kind: 'attempt' | 'progress' | 'logs'; readonly task: TaskRef; readonly n: number }
  | { readonly kind: 'workspace'; readonly service: ServiceName }

/** Reads a subject of ours back; `undefined` for any other. */
export function parseSubject(subject: string): SubjectRef | undefined {
  const [kind, service, tag, id, n] = subject.split('.')
  if (kind === undefined || service === undefined) return undefined
  if (kind === 'workspace' && tag === undefined) return { kind, service }
  if (tag === undefined || id === undefined) return undefined
  const task = { service, tag, taskId: id.replaceAll('_', '.') }
  if (kind === 'task' && n === undefined) return { kind, task }
  const isAttempt = kind === 'attempt' || kind === 'progress' || kind === 'logs'
  return isAttempt && n !== undefined && /^\d+$/.test(n) ? { kind, task, n: Number(n) } : undefined
}
