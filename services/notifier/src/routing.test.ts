import { createEvent } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { describe, expect, it } from 'vitest'
import { taskOfSubject, toTaskEvent } from './routing.ts'
import { createFakeLedger, started, submitted } from './testing/fakes.ts'

const DOTTED = { service: 'trader', tag: 'master', taskId: '7.2' }

describe('routing', () => {
  it('gives every event of a task to that task, whatever its subject', () => {
    const ledger = createFakeLedger()
    const events = [ledger.add(DOTTED, 1, submitted(DOTTED, 1)), ledger.add(DOTTED, 1, started(DOTTED, 1))]
    expect(events.map(({ subject }) => subject)).toEqual(['task.trader.master.7_2', 'attempt.trader.master.7_2.1'])
    expect(events.map((stored) => toTaskEvent(stored)?.task)).toEqual([DOTTED, DOTTED])
    expect(new Set(events.map(taskOfSubject)).size).toBe(1)
  })

  it('tells nobody of a workspace', () => {
    const event = createEvent({
      id: 'released',
      type: 'workspace.released',
      source: 'submitter',
      subject: 'workspace-trader',
      time: new Date(),
      data: { workspace: 'workspace-trader', workloadUid: 'uid', requestedBy: { door: 'cli', caller: 'ada' } },
    })
    const stored: StoredEvent = { seq: 1, subject: 'workspace.trader', time: new Date(), event }
    expect(toTaskEvent(stored)).toBeUndefined()
    expect(taskOfSubject(stored)).toBe('workspace.trader')
  })
})
