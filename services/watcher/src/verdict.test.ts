import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndObservation, SummaryLine } from './observers/port.ts'
import { resultRecord, startedAttempt } from './testing/attempts.ts'
import { type Evidence, judge, recordedLines } from './verdict.ts'

const attempt = startedAttempt()
const gone: EndObservation = { kind: 'ended', neverLetGo: false, claimLost: false }
const record = { record: resultRecord(), digest: 'd' }
const summary: SummaryLine = {
  seq: 4,
  time: '2026-01-01T00:00:00.000Z',
  kind: 'summary',
  submittedId: attempt.submittedId,
  outcome: 'Failed',
  reason: 'GateFailed',
  message: 'The gate "tests" failed.',
  pushedSha: null,
  digest: 'd',
}

function evidence(observation: Partial<EndObservation>, change: Partial<Evidence> = {}): Evidence {
  const facts = { stopRequested: false, confirmed: true, restored: false }
  return { attempt, observation: { ...gone, ...observation }, ...facts, ...change }
}

describe('judge', () => {
  it.each<[string, Evidence, object | undefined]>([
    ['a live workload', evidence({}, { observation: { kind: 'running' } }), undefined],
    ['an end seen once', evidence({}, { confirmed: false }), undefined],
    ['an end seen once, with its last line', evidence({ summary }, { confirmed: false }), undefined],
    [
      'a record seen once',
      evidence({ record }, { confirmed: false }),
      { phase: 'Succeeded', reason: 'GatesPassed', verified: true },
    ],
    ['a record after a stop', evidence({ record }, { stopRequested: true }), { phase: 'Succeeded' }],
    ['a record and a deadline', evidence({ record, cause: 'deadline' }), { phase: 'Succeeded' }],
    ['a record and another last line', evidence({ record, summary }), { phase: 'Succeeded' }],
    [
      'a last line',
      evidence({ summary }),
      { phase: 'Failed', reason: 'GateFailed', message: summary.message, verified: false },
    ],
    ['a last line after a stop', evidence({ summary }, { stopRequested: true }), { phase: 'Failed' }],
    ['a last line and a cause', evidence({ summary, cause: 'oom' }), { phase: 'Failed', reason: 'GateFailed' }],
    [
      'a last line that gates passed',
      evidence({ summary: { ...summary, outcome: 'Succeeded', reason: 'GatesPassed' } }),
      { phase: 'Succeeded', verified: true },
    ],
    [
      'a last line without gates',
      evidence({ summary: { ...summary, outcome: 'Succeeded', reason: 'NotVerified' } }),
      { phase: 'Succeeded', verified: false },
    ],
    ['a last line of a newer release', evidence({ summary: { ...summary, outcome: 'Paused' } }), { phase: 'Unknown' }],
    [
      'the last line of another attempt',
      evidence({ summary: { ...summary, submittedId: 'other' } }),
      { phase: 'Unknown' },
    ],
    [
      'the record of another attempt',
      evidence({ record: { record: resultRecord({ submittedId: 'other' }), digest: 'd' } }),
      { phase: 'Unknown' },
    ],
    ['too much memory', evidence({ cause: 'oom' }), { phase: 'Failed', reason: 'OOMKilled' }],
    [
      'too much memory after a stop',
      evidence({ cause: 'oom' }, { stopRequested: true }),
      { phase: 'Failed', reason: 'OOMKilled' },
    ],
    [
      'an eviction after a stop',
      evidence({ cause: 'eviction' }, { stopRequested: true }),
      { phase: 'Failed', reason: 'Evicted' },
    ],
    [
      'a deadline after a stop',
      evidence({ cause: 'deadline' }, { stopRequested: true }),
      { phase: 'TimedOut', reason: 'DeadlineExceeded' },
    ],
    ['a restarted machine', evidence({ cause: 'reboot' }), { phase: 'Unknown', reason: 'WorkloadLost' }],
    [
      'a restarted machine after a stop',
      evidence({ cause: 'reboot' }, { stopRequested: true }),
      { phase: 'Stopped', reason: 'StopRequested' },
    ],
    [
      'a machine restarted before it was let go',
      evidence({ cause: 'reboot', neverLetGo: true }),
      { phase: 'Failed', reason: 'LaunchFailed' },
    ],
    ['nothing after a stop', evidence({}, { stopRequested: true }), { phase: 'Stopped', reason: 'StopRequested' }],
    ['a claim lost after a stop', evidence({ claimLost: true }, { stopRequested: true }), { phase: 'Stopped' }],
    ['a claim lost', evidence({ claimLost: true }), { phase: 'Unknown', reason: 'WorkloadLost' }],
    ['never let go', evidence({ neverLetGo: true }), { phase: 'Failed', reason: 'LaunchFailed' }],
    ['never let go after a stop', evidence({ neverLetGo: true }, { stopRequested: true }), { phase: 'Stopped' }],
    ['nothing', evidence({}), { phase: 'Unknown', reason: 'WorkloadLost', verified: false }],
  ])('of %s', (_title, given, expected) => {
    const verdict = judge(given)
    if (expected === undefined) expect(verdict).toBeUndefined()
    else expect(verdict).toMatchObject(expected)
  })

  it('says of the unknown that it may have acted, where to look, and that nothing runs again by itself', () => {
    const message = judge(evidence({}))?.message
    expect(message).toContain('may have acted')
    expect(message).toContain('branch feature/task-1.2-implementation of github.com/myorg/trader')
    expect(message).toContain('tasks/master-1.2/attempt-1')
    expect(message).toContain('then retry it')
    expect(message).toContain('Nothing runs again by itself')
    expect(judge(evidence({ cause: 'reboot' }))?.message).toContain('its machine was restarted')
    expect(judge(evidence({ cause: 'reboot' }, { restored: true }))?.message).toContain('the ledger was restored')
  })

  const arbitrary = fc.record({
    outcome: fc.constantFrom('Succeeded', 'Failed', 'Stopped', 'TimedOut'),
    record: fc.constantFrom('none', 'own', 'foreign'),
    summary: fc.constantFrom('none', 'own', 'foreign'),
    cause: fc.option(fc.constantFrom('oom', 'eviction', 'deadline', 'reboot'), { nil: undefined }),
    verified: fc.boolean(),
    stopRequested: fc.boolean(),
    confirmed: fc.boolean(),
    claimLost: fc.boolean(),
    neverLetGo: fc.boolean(),
  })

  type Given = typeof arbitrary extends fc.Arbitrary<infer G> ? G : never

  function expectedPhase({
    outcome,
    record: whose,
    summary: said,
    cause,
    stopRequested,
    confirmed,
    neverLetGo,
  }: Given): string | undefined {
    if (whose === 'own') return outcome
    if (!confirmed) return undefined
    if (said === 'own') return outcome
    if (cause !== undefined && cause !== 'reboot') return cause === 'deadline' ? 'TimedOut' : 'Failed'
    if (stopRequested) return 'Stopped'
    return neverLetGo ? 'Failed' : 'Unknown'
  }

  it('ranks record, last line, cause and stop, whatever comes together', () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const id = (whose: string): string => (whose === 'own' ? attempt.submittedId : 'other')
        const { outcome, verified, cause, confirmed, stopRequested, claimLost, neverLetGo } = given
        const found = { record: resultRecord({ submittedId: id(given.record), outcome, verified }), digest: 'd' }
        const observation: EndObservation = {
          kind: 'ended',
          claimLost,
          neverLetGo,
          ...(given.record === 'none' ? {} : { record: found }),
          ...(given.summary === 'none' ? {} : { summary: { ...summary, submittedId: id(given.summary), outcome } }),
          ...(cause === undefined ? {} : { cause }),
        }
        const verdict = judge({ attempt, observation, stopRequested, confirmed, restored: false })
        expect(verdict?.phase).toBe(expectedPhase(given))
        // Only a record or a last line proves anything.
        if (given.record !== 'own' && given.summary !== 'own') expect(verdict?.verified ?? false).toBe(false)
        if (given.record === 'own') expect(verdict?.verified).toBe(verified && outcome === 'Succeeded')
      }),
    )
  })
})

describe('recordedLines', () => {
  it('believes only the attempt’s own record', () => {
    expect(recordedLines({ ...gone, record }, attempt.submittedId)).toBe(3)
    expect(recordedLines({ ...gone, record }, 'other')).toBe(0)
    expect(recordedLines(gone, attempt.submittedId)).toBe(0)
  })
})
