import { describe, expect, it } from 'vitest'
import { attemptSubject, logSubject, parseSubject, progressSubject, taskSubject, workspaceSubject } from './subjects.ts'

const attempt = { service: 'trader', tag: 'Next_1', taskId: '1.10', n: 3 }
const task = { service: 'trader', tag: 'Next_1', taskId: '1.10' }

describe('subjects', () => {
  it('carry the tag, and ids without dots', () => {
    expect(taskSubject(task)).toBe('task.trader.Next_1.1_10')
    expect(attemptSubject(attempt)).toBe('attempt.trader.Next_1.1_10.3')
  })

  it('read back to what made them', () => {
    expect(parseSubject(taskSubject(task))).toEqual({ kind: 'task', task })
    expect(parseSubject(attemptSubject(attempt))).toEqual({ kind: 'attempt', task, n: 3 })
    expect(parseSubject(progressSubject(attempt))).toEqual({ kind: 'progress', task, n: 3 })
    expect(parseSubject(logSubject(attempt))).toEqual({ kind: 'logs', task, n: 3 })
    expect(parseSubject(workspaceSubject('trader'))).toEqual({ kind: 'workspace', service: 'trader' })
  })

  it.each(['', 'task', 'task.a', 'task.a.b.1.2', 'attempt.a.b.1', 'attempt.a.b.1.x', '_INBOX.x.y', 'workspace.a.b'])(
    'leaves %j alone',
    (subject) => {
      expect(parseSubject(subject)).toBeUndefined()
    },
  )
})
