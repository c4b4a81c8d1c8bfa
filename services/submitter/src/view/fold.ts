import {
  type AttemptFinished,
  type AttemptProgressed,
  type LivePhase,
  normaliseRepositoryUrl,
  parseSubject,
  type TaskRef,
  type TaskSubmitted,
  type TerminalPhase,
} from '@orchestrator/shared/contracts'
/** What an event changes in the view. Pure: the same event again changes nothing more, whatever came in between. */
import { assertNever } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'

export interface AttemptKey {
  readonly task: TaskRef
  readonly n: number
}

export type ViewChange = { readonly key: AttemptKey; readonly seq: number; readonly at: number } & (
  | {
      readonly kind: 'submitted'
      readonly eventId: string
      readonly repository: string
      readonly data: TaskSubmitted['data']
    }
  | { readonly kind: 'stopRequested' }
  /** Having started is proof of `Starting`, whatever progress says so far. */
  | { readonly kind: 'started'; readonly phase: LivePhase }
  | { readonly kind: 'finished'; readonly phase: TerminalPhase; readonly data: AttemptFinished['data'] }
  | { readonly kind: 'progressed'; readonly phase: LivePhase; readonly data: AttemptProgressed['data'] }
)

export type ChangeOf<K extends ViewChange['kind']> = Extract<ViewChange, { kind: K }>

/** @returns undefined for an event that no attempt's row depends on */
export function foldEvent(stored: StoredEvent): ViewChange | undefined {
  const { event, seq } = stored
  const at = stored.time.getTime()
  if (event.type === 'task.submitted') {
    const { attempt } = event.data
    const key = { task: { service: attempt.service, tag: attempt.tag, taskId: attempt.taskId }, n: attempt.n }
    const repository = normaliseRepositoryUrl(attempt.repository.url)
    return { kind: 'submitted', key, seq, at, eventId: event.id, repository, data: event.data }
  }
  const subject = parseSubject(stored.subject)
  if (subject === undefined || subject.kind === 'task' || subject.kind === 'workspace') return undefined
  const change = { key: { task: subject.task, n: subject.n }, seq, at }
  switch (event.type) {
    case 'task.stopRequested':
      return { ...change, kind: 'stopRequested' }
    case 'attempt.started':
      return { ...change, kind: 'started', phase: 'Starting' }
    case 'attempt.finished':
      return { ...change, kind: 'finished', phase: event.data.phase, data: event.data }
    case 'attempt.progressed':
      return { ...change, kind: 'progressed', phase: event.data.phase, data: event.data }
    case 'workspace.released':
      return undefined
    default:
      return assertNever(event, 'event')
  }
}
