import { Outcome, Reason } from '@orchestrator/shared/contracts'
import { ERROR_CODES } from '@orchestrator/shared/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndingCause } from '../control/ending.ts'
import { AGENT_DONE, aGate, SHA, someChanges, someFindings } from './example-fixture.ts'
import type { Findings } from './findings.ts'
import { decideOutcome } from './outcome.ts'

const NO_CHANGES = someChanges({
  commits: [],
  diffStat: { files: 0, insertions: 0, deletions: 0 },
  files: [],
})
const ended = (cause: EndingCause): Partial<Findings> => ({ interruption: { kind: 'ended', cause } })

describe('decideOutcome', () => {
  it.each<[string, Findings, object]>([
    ['pushed work without gates', someFindings(), { outcome: 'Succeeded', reason: 'NotVerified', verified: false }],
    [
      'passed gates',
      someFindings({ gates: [aGate(), aGate({ name: 'lint' })] }),
      { outcome: 'Succeeded', reason: 'GatesPassed', verified: true },
    ],
    [
      'a failed gate',
      someFindings({ gates: [aGate(), aGate({ name: 'lint', passed: false, exitCode: 2 })] }),
      { outcome: 'Failed', reason: 'GateFailed', message: 'The gate "lint" ended with exit code 2.' },
    ],
    [
      'a gate that ran out of time',
      someFindings({ gates: [aGate({ passed: false, exitCode: null, timedOut: true })] }),
      { reason: 'GateFailed', message: 'The gate "unit" ran out of time.' },
    ],
    ['a branch like its base', someFindings({ changes: NO_CHANGES }), { outcome: 'Failed', reason: 'NoChanges' }],
    [
      'a retry that finds the work complete: its branch differs though it did nothing itself',
      someFindings({ gates: [aGate()] }),
      { outcome: 'Succeeded', reason: 'GatesPassed' },
    ],
    [
      'an agent that fails',
      someFindings({ agent: { ...AGENT_DONE, exitCode: 3 } }),
      { reason: 'AgentError', message: 'The agent ended with exit code 3.' },
    ],
    [
      'an agent that was killed from outside',
      someFindings({ agent: { exitCode: null, signal: 'SIGKILL', durationMs: 1 } }),
      { reason: 'AgentError', message: 'The agent was ended by SIGKILL.' },
    ],
    [
      'a stop',
      someFindings(ended({ kind: 'stop', requestedBy: 'alice' })),
      { outcome: 'Stopped', reason: 'StopRequested', message: 'Stopped as asked by alice.' },
    ],
    [
      'the deadline',
      someFindings(ended({ kind: 'deadline', minutes: 120 })),
      { outcome: 'TimedOut', reason: 'DeadlineExceeded' },
    ],
    [
      'silence',
      someFindings(ended({ kind: 'idle', minutes: 1 })),
      { reason: 'AgentStalled', message: 'The agent gave no sign of life for 1 minute.' },
    ],
    [
      'the budget',
      someFindings(ended({ kind: 'budget', limitUsd: 5, costUsd: 5.25 })),
      { reason: 'BudgetReached', message: expect.stringContaining('$5.25') },
    ],
    [
      'the turns',
      someFindings(ended({ kind: 'turns', limit: 3, turns: 4 })),
      { outcome: 'Failed', reason: 'TurnsReached' },
    ],
    [
      'a refused push',
      {
        agent: AGENT_DONE,
        changes: someChanges(),
        gates: [],
        saveProblem: { code: 'GIT_REJECTED', message: 'protected branch' },
      },
      { reason: 'PushRejected', message: 'protected branch.' },
    ],
    [
      'a stop whose work could not be pushed',
      {
        ...someFindings(ended({ kind: 'stop', requestedBy: 'alice' })),
        saveProblem: { code: 'GIT_UNAVAILABLE', message: 'no route' },
      },
      { outcome: 'Stopped', message: 'Stopped as asked by alice. Its work could not be saved: no route.' },
    ],
    ['nothing at all', { gates: [] }, { outcome: 'Failed', reason: 'RunnerError' }],
  ])('%s', (_, findings, verdict) => {
    expect(decideOutcome(findings)).toMatchObject(verdict)
  })

  it.each([
    ['GIT_AUTH_FAILED', 'AuthFailed'],
    ['DOCS_MISSING', 'DocsMissing'],
    ['WORKSPACE_CONFLICT', 'WorkspaceConflict'],
    ['WORKSPACE_LOCKED', 'WorkspaceConflict'],
    ['FENCED', 'WorkspaceConflict'],
    ['DISK_FULL', 'DiskFull'],
    ['GIT_REJECTED', 'PushRejected'],
    ['GIT_UNAVAILABLE', 'RepositoryUnavailable'],
    ['GIT_NOT_FOUND', 'RepositoryUnavailable'],
    ['TOOLS_UNAVAILABLE', 'ToolsUnavailable'],
    ['CONFIG_INVALID', 'ConfigurationInvalid'],
    ['GIT_FAILED', 'RunnerError'],
    [undefined, 'RunnerError'],
  ] as const)('tells the error %s as %s', (code, reason) => {
    const findings: Findings = {
      gates: [],
      interruption: { kind: 'problem', problem: { code, message: 'm' } },
    }
    expect(decideOutcome(findings)).toMatchObject({
      outcome: 'Failed',
      reason,
      message: 'm.',
      verified: false,
    })
  })

  const problem = fc.record({ code: fc.constantFrom(undefined, ...ERROR_CODES), message: fc.string() })
  const causes = fc.constantFrom<EndingCause>(
    { kind: 'stop', requestedBy: 'x' },
    { kind: 'deadline', minutes: 1 },
    { kind: 'idle', minutes: 1 },
    { kind: 'budget', limitUsd: 1, costUsd: 1 },
    { kind: 'turns', limit: 1, turns: 2 },
  )
  const findings: fc.Arbitrary<Findings> = fc.record(
    {
      agent: fc.record({
        exitCode: fc.constantFrom(null, 0, 1),
        signal: fc.constantFrom(null, 'SIGKILL'),
        durationMs: fc.nat(),
      }),
      interruption: fc.oneof(
        fc.record({ kind: fc.constant('ended' as const), cause: causes }),
        fc.record({ kind: fc.constant('problem' as const), problem }),
      ),
      changes: fc.constantFrom(someChanges(), NO_CHANGES),
      pushedSha: fc.constant(SHA),
      saveProblem: problem,
      gates: fc.array(
        fc.boolean().map((passed) => aGate({ passed, exitCode: passed ? 0 : 1 })),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['gates'] },
  )

  it('succeeds only where everything was done, saved, and nothing failed', () => {
    fc.assert(
      fc.property(findings, (found) => {
        const verdict = decideOutcome(found)
        expect(Outcome.options).toContain(verdict.outcome)
        expect(Reason.options).toContain(verdict.reason)
        const flawless =
          found.interruption === undefined &&
          found.saveProblem === undefined &&
          found.agent?.exitCode === 0 &&
          found.pushedSha !== undefined &&
          (found.changes?.diffStat.files ?? 0) > 0 &&
          found.gates.every(({ passed }) => passed)
        expect(verdict.outcome === 'Succeeded').toBe(flawless)
        expect(verdict.verified).toBe(flawless && found.gates.length > 0)
      }),
      { numRuns: 2000 },
    )
  })

  it('is stopped exactly when a stop came first', () => {
    fc.assert(
      fc.property(findings, (found) => {
        const { interruption } = found
        const stopped = interruption?.kind === 'ended' && interruption.cause.kind === 'stop'
        expect(decideOutcome(found).outcome === 'Stopped').toBe(stopped)
      }),
    )
  })
})
