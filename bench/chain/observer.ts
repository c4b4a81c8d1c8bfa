import type { ResultRecord } from '@orchestrator/shared/contracts'
// oxlint-disable-next-line no-restricted-imports -- the watcher has no door for another observer yet
import type { Observer } from '../../services/watcher/src/observers/port.ts'
import { LOCATION, RUNTIME, serveMachine } from './machine.ts'

const EMPTY = Buffer.alloc(0)

const machine = await serveMachine(process.env['MACHINE'] ?? '')

/** Instead of the watcher's own: sees workloads that end with a result when they are let go, and that said nothing. */
export function createProcessObserver(): Observer {
  return {
    runtime: RUNTIME,
    location: LOCATION,
    list: async () => [],
    look: async ({ submittedId, name, branch }) => {
      if (!machine.isDone(submittedId)) return { kind: 'running' }
      const record = recordOf({ submittedId, name, branch })
      return { kind: 'ended', record: { record, digest: 'd'.repeat(64) }, neverLetGo: false, claimLost: false }
    },
    remove: async () => true,
    lines: () => ({ read: async () => EMPTY, size: async () => 0 }),
    hints: ({ submittedId }, { onEnd }) => {
      if (machine.isDone(submittedId)) onEnd()
      return machine.onDone(submittedId, onEnd)
    },
  }
}

function recordOf({ submittedId, name, branch }: Pick<ResultRecord, 'submittedId' | 'name' | 'branch'>): ResultRecord {
  return {
    v: 1,
    submittedId,
    name,
    outcome: 'Succeeded',
    reason: 'GatesPassed',
    message: 'All gates passed.',
    verified: true,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    durationMs: 1000,
    branch,
    baseSha: 'a'.repeat(40),
    pushedSha: 'b'.repeat(40),
    commits: [{ sha: 'b'.repeat(40), author: 'claude-agent-1', subject: 'Add an order book' }],
    diffStat: { files: 1, insertions: 2, deletions: 3 },
    gates: [],
    observedTests: [],
    criteria: [],
    flags: [],
    steps: [],
    git: [],
    usage: { toolCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: null, turns: 0 },
    agent: null,
    savedWork: [],
    brief: '# What was done\n\nThe order book keeps its levels in a tree now.\n',
    lines: 0,
  }
}
