import type { LedgerEvent } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { describe, expect, it } from 'vitest'
import { folderOf, readHistory, toStartedAttempt } from './started-attempt.ts'
import { startedAttempt, startedEvent, stopEvent } from './testing/attempts.ts'

const attempt = startedAttempt({ generation: 3 })

function stored<E extends LedgerEvent>(event: E, subject = attempt.subject): StoredEvent<E> {
  return { seq: 2, subject, time: new Date(0), event }
}

describe('readHistory', () => {
  it('reads the attempt back from its events', () => {
    const events = [stored(startedEvent(attempt)), stored(stopEvent(attempt))]
    expect(readHistory({ events })).toEqual({ started: attempt, stopRequested: true, finished: undefined })
    expect(readHistory({ events: [] })).toEqual({ started: undefined, stopRequested: false, finished: undefined })
  })

  it('takes a started on a subject that is none of an attempt for nothing', () => {
    expect(toStartedAttempt(stored(startedEvent(attempt), 'task.trader.master.1_2'))).toBeUndefined()
  })
})

describe('folderOf', () => {
  it('carries the generation from the second on', () => {
    expect(folderOf({ ...attempt, generation: 1 })).toBe('tasks/master-1.2/attempt-1')
    expect(folderOf({ ...attempt, generation: 2 })).toBe('tasks/master-1.2/attempt-1-g2')
  })
})
