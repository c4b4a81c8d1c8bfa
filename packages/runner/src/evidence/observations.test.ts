import { NO_USAGE } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { createObservations } from './observations.ts'

describe('createObservations', () => {
  it('gathers use, tests and flags from the lines', () => {
    const observations = createObservations()
    observations.see({ kind: 'tool', tool: 'Bash', summary: 'ls' })
    observations.see({ kind: 'usage', usage: { ...NO_USAGE, inputTokens: 5, costUsd: 1 } })
    observations.see({ kind: 'test', command: 'npm test', exitCode: 0 })
    observations.see({ kind: 'flag', flag: 'WorkSaved', detail: 'tasks/x' })
    expect(observations.usage).toEqual({ ...NO_USAGE, toolCalls: 1, inputTokens: 5, costUsd: 1 })
    expect(observations.tests).toEqual([{ command: 'npm test', exitCode: 0 }])
    expect(observations.flags).toEqual([{ kind: 'WorkSaved', detail: 'tasks/x' }])
  })

  it('believes a program that counts its tools itself, and keeps the last of too many tests', () => {
    const observations = createObservations()
    observations.see({ kind: 'usage', usage: { ...NO_USAGE, toolCalls: 9 } })
    for (let i = 0; i < 500; i += 1) observations.see({ kind: 'test', command: `test ${i}`, exitCode: 0 })
    expect(observations.usage.toolCalls).toBe(9)
    expect(observations.tests).toHaveLength(200)
    expect(observations.tests.at(-1)?.command).toBe('test 499')
  })
})
