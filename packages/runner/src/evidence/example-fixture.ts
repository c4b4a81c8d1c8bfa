/** Examples for tests. */
import type { GateResult, ResultRecord } from '@orchestrator/shared/contracts'
import type { AgentEnd, Changes } from '../ports.ts'
import type { Findings } from './findings.ts'

export const SHA = 'a'.repeat(40)

export function someChanges(overrides: Partial<Changes> = {}): Changes {
  return {
    headSha: SHA,
    commits: [{ sha: SHA, author: 'claude-agent-1', subject: 'Add an order book' }],
    diffStat: { files: 2, insertions: 3, deletions: 1 },
    files: ['a', 'b'],
    flags: [],
    ...overrides,
  }
}

export const AGENT_DONE: AgentEnd = { exitCode: 0, signal: null, durationMs: 5 }

export function aGate(overrides: Partial<GateResult> = {}): GateResult {
  return {
    name: 'unit',
    command: ['npm', 'test'],
    passed: true,
    exitCode: 0,
    timedOut: false,
    durationMs: 9,
    tail: '',
    ...overrides,
  }
}

/** What a flawless attempt without gates finds. */
export function someFindings(overrides: Partial<Findings> = {}): Findings {
  return { agent: AGENT_DONE, changes: someChanges(), pushedSha: SHA, gates: [], ...overrides }
}

export function aRecord(overrides: Partial<ResultRecord> = {}): ResultRecord {
  return {
    v: 1,
    submittedId: 'an-id',
    name: 'trader-claude-agent-1-task1-attempt1',
    outcome: 'Failed',
    reason: 'GateFailed',
    message: 'The gate "unit" failed.',
    verified: false,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:00.000Z',
    durationMs: 60_000,
    branch: 'feature/task-1-implementation',
    baseSha: SHA,
    pushedSha: SHA,
    commits: [{ sha: SHA, author: 'claude-agent-1', subject: 'Add an order book' }],
    diffStat: { files: 2, insertions: 3, deletions: 1 },
    gates: [],
    observedTests: [],
    criteria: [],
    flags: [],
    steps: [],
    git: [],
    usage: { toolCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: null, turns: 0 },
    agent: null,
    savedWork: [],
    brief: '',
    lines: 1,
    ...overrides,
  }
}
