import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttemptRef } from './identity.ts'
import { ServiceName, TaskId } from './identity.ts'
import { ATTEMPT_NAME_MAX, AttemptName, attemptName } from './names.ts'

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/)
const tricky = fc.constantFrom(
  'a',
  'a-b',
  'b',
  'a-claude',
  'claude',
  'x-claude-1',
  'claude-agent-1',
  'c-task1',
  'task1-attempt1',
  'trader',
)
const name = fc.oneof(tricky, word)
const taskId = fc.stringMatching(/^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,1})){0,2}$/)
const attempt = fc.record({
  service: name,
  agent: name,
  tag: fc.constantFrom('master', 'next', 'Next', 'a-b'),
  taskId,
  n: fc.integer({ min: 1, max: 120 }),
})
const nameOf = ({ agent, ...ref }: AttemptRef & { agent: string }): string => attemptName(ref, agent)

describe('attemptName', () => {
  it('is the plain form that people expect', () => {
    expect(nameOf({ service: 'trader', tag: 'master', taskId: '1', n: 1, agent: 'claude-agent-1' })).toBe(
      'trader-claude-agent-1-task1-attempt1',
    )
    expect(nameOf({ service: 'market-data', tag: 'master', taskId: '1.2', n: 3, agent: 'claude-agent-1' })).toBe(
      'market-data-claude-agent-1-task1-2-attempt3',
    )
  })

  it('carries a hash where the plain form would not lead back to the same service and agent', () => {
    const hyphen = nameOf({ service: 'a-b', tag: 'master', taskId: '1', n: 1, agent: 'c' })
    expect(hyphen).toMatch(/^a-b-c-task1-attempt1-[a-z2-7]{5}$/)
    expect(nameOf({ service: 'a', tag: 'master', taskId: '1', n: 1, agent: 'b-c' })).toBe('a-b-c-task1-attempt1')
  })

  it('carries a hash for every tag but master', () => {
    expect(nameOf({ service: 'trader', tag: 'next', taskId: '1', n: 1, agent: 'claude-agent-1' })).toMatch(
      /^trader-claude-agent-1-task1-attempt1-[a-z2-7]{5}$/,
    )
  })

  it('cuts the agent before the service and never the tail', () => {
    const cut = nameOf({ service: 's'.repeat(30), tag: 'master', taskId: '7', n: 12, agent: 'g'.repeat(40) })
    expect(cut).toMatch(/^s{30}-g+-task7-attempt12-[a-z2-7]{5}$/)
    expect(cut).toHaveLength(ATTEMPT_NAME_MAX)
  })

  it('is always a DNS label', () => {
    fc.assert(
      fc.property(attempt, (ref) => {
        expect(AttemptName.safeParse(nameOf(ref)).success).toBe(true)
      }),
    )
  })

  it('never gives one name to two attempts', () => {
    fc.assert(
      fc.property(attempt, attempt, (a, b) => {
        const same =
          a.service === b.service && a.agent === b.agent && a.tag === b.tag && a.taskId === b.taskId && a.n === b.n
        expect(nameOf(a) === nameOf(b)).toBe(same)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('identities', () => {
  it.each(['', 'A', '-a', 'a-', 'a_b', 'a b', 'a'.repeat(41), '$(id)', 'a\n'])('refuses %j as a service', (text) => {
    expect(ServiceName.safeParse(text).success).toBe(false)
  })

  it.each(['', '01', '1.', '.1', '1..2', '1.02', 'x', '1 ', '1'.repeat(17), '-1'])(
    'refuses %j as a task id',
    (text) => {
      expect(TaskId.safeParse(text).success).toBe(false)
    },
  )
})
