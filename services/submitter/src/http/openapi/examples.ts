/** Values that the OpenAPI document shows; the tests hold them against the schemas. */
import type {
  AttemptView,
  Problem,
  RebuildBody,
  ReleaseBody,
  RetryBody,
  StopBody,
  SubmitInput,
  TokenBody,
} from '@orchestrator/shared/contracts'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import type { z } from 'zod'
import { InvalidInput } from '../../submit/faults.ts'
import { tooMany, unauthenticated } from '../access/refusals.ts'
import { unreadTooLarge } from '../body-size.ts'
import type { McpMessage } from '../mcp/json-rpc.ts'
import { HttpRefusal, toProblem } from '../problems.ts'
import type { ProblemStatus } from './operation.ts'

const ATTEMPT = 'trader-claude-agent-1-task7-attempt1'
const REPOSITORY = 'git@github.com:example/trader.git'
const PLATFORM = 'git@github.com:example/platform.git'

export const REQUEST_EXAMPLES = {
  Submit: { service: 'trader', taskId: 7, agent: 'claude-agent-1', repositoryUrl: REPOSITORY } satisfies SubmitInput,
  McpMessage: { jsonrpc: '2.0', id: 1, method: 'tools/list' } satisfies McpMessage,
  Retry: { guidance: 'Use reqwest instead of curl.', previous: 1 } satisfies RetryBody,
  Stop: { note: 'The task has changed.' } satisfies StopBody,
  Release: { attempt: ATTEMPT, note: 'The machine was switched off.' } satisfies ReleaseBody,
  NewToken: { name: 'alice', scopes: ['read', 'submit'] } satisfies TokenBody,
  Rebuild: { documents: true } satisfies z.input<typeof RebuildBody>,
}

export const ATTEMPT_EXAMPLE: AttemptView = {
  name: ATTEMPT,
  service: 'trader',
  tag: 'master',
  taskId: '7',
  n: 1,
  agent: 'claude-agent-1',
  model: 'sonnet',
  phase: 'Running',
  reason: null,
  message: null,
  step: 'implementing',
  ahead: null,
  usage: { toolCalls: 12, inputTokens: 18_000, outputTokens: 2400, costUsd: 0.11, turns: 9 },
  lastText: 'Writing the tests first.',
  lastActions: ['Edit src/orders.rs'],
  repository: { url: REPOSITORY, branch: 'main', githubUser: 'claude-agent-1' },
  platform: { url: PLATFORM, branch: 'main', githubUser: 'claude-agent-1' },
  workingDirectory: 'trader',
  workspace: 'workspace-trader',
  branch: 'feature/task-7-implementation',
  guidance: null,
  promptMode: 'append',
  limits: { wallClockMinutes: 120, idleMinutes: 15, usd: null, turns: null },
  sources: { agent: 'request', repositoryUrl: 'service' },
  previous: null,
  requestedBy: { door: 'cli', caller: 'local' },
  submittedAt: '2026-03-02T09:00:00.000Z',
  startedAt: '2026-03-02T09:00:01.000Z',
  finishedAt: null,
  stopRequested: false,
  verified: null,
  result: null,
  latest: true,
  sequence: 17,
  lastSequence: 18,
}

/** Made as the server makes them. */
const FAILURES: Readonly<Record<ProblemStatus, () => unknown>> = {
  400: () => new InvalidInput([{ field: 'service', value: null, message: 'is required' }]),
  401: () => unauthenticated('missing'),
  403: () => new HttpRefusal(403, 'ORIGIN_NOT_ALLOWED', 'requests from pages of http://example.com are not taken'),
  404: () =>
    new TerminalError('NOT_FOUND', `there is no attempt ${ATTEMPT}: GET /v1/attempts lists those that are there`),
  409: () => new TerminalError('PREVIOUS_NOT_LATEST', `${ATTEMPT} is not the latest attempt any more`),
  410: () => new TerminalError('GONE', `the log of ${ATTEMPT} is no longer kept`, { details: { tail: 'exit code 1' } }),
  413: unreadTooLarge,
  414: () => new HttpRefusal(414, 'REQUEST_MALFORMED', 'a part of the path is longer than 1024 characters'),
  429: () => tooMany('alice', 1),
  415: () => new HttpRefusal(415, 'MEDIA_TYPE_UNSUPPORTED', 'Unsupported Media Type'),
  500: () => new Error('a bug'),
  503: () => new RetryableError('BROKER_UNAVAILABLE', 'the broker is not connected'),
}

export function problemExample(status: ProblemStatus): Problem {
  return toProblem(FAILURES[status]()).problem
}
