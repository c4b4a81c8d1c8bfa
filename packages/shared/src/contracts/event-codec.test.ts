import { describe, expect, it } from 'vitest'
import { createEvent, newEventId, readEvent } from './event-codec.ts'

const stop = createEvent({
  id: newEventId(),
  type: 'task.stopRequested',
  source: 'submitter',
  subject: 'trader-claude-agent-1-task1-attempt1',
  time: new Date('2026-01-01T00:00:00Z'),
  data: { name: 'trader-claude-agent-1-task1-attempt1', requestedBy: { door: 'cli', caller: 'local' } },
})

describe('readEvent', () => {
  it('reads what createEvent made', () => {
    expect(readEvent(JSON.stringify(stop))).toEqual({ kind: 'event', event: stop })
  })

  it('lets unknown fields pass, because an event of a newer release has more', () => {
    const newer = { ...stop, traceparent: 'x', data: { ...stop.data, colour: 'blue' } }
    expect(readEvent(JSON.stringify(newer)).kind).toBe('event')
  })

  it('tells a type that it does not know from a later version of one that it does', () => {
    expect(readEvent(JSON.stringify({ ...stop, type: 'task.archived' }))).toEqual({
      kind: 'foreign',
      type: 'task.archived',
    })
    expect(readEvent(JSON.stringify({ ...stop, type: 'task.stopRequested.v2' }))).toEqual({
      kind: 'tooNew',
      type: 'task.stopRequested.v2',
    })
  })

  it.each(['', 'null', '[]', '{"type":1}', '\u0000', '{"type":"task.stopRequested"}'])('never throws on %j', (text) => {
    expect(readEvent(text).kind).toBe('unreadable')
  })
})
