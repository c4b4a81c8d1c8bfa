/** What each route says of itself; a server with a route that is not here does not start. */
import {
  AttemptPage,
  AttemptView,
  DeadLetterDetail,
  DeadLetterPage,
  EventMessage,
  Information,
  InstallationHealth,
  Liveness,
  LogLine,
  Problem,
  Readiness,
  RebuildAnswer,
  RebuildStatus,
  ReleaseAnswer,
  ReplayAnswer,
  StopAnswer,
  SubmitAnswer,
  TaskPage,
  TokenAnswer,
  TokenList,
  TokenView,
  WorkspaceList,
  WorkspaceView,
} from '@orchestrator/shared/contracts'
import { McpAnswer } from '../mcp/json-rpc.ts'
import { type Answer, json, NOT_OFFERED, type Operation } from './operation.ts'
import { OpenApiDocument } from './schemas.ts'

const ACCEPTED = {
  202: json(SubmitAnswer, 'Accepted: what was decided, and what happens next.', ['Location']),
  200: json(SubmitAnswer, 'Accepted before, under the same idempotency key.', ['Location']),
}

/** In the words of the protocol, where it was understood so far. */
function mcpRefusal(description: string): Answer {
  return { description, content: { 'application/json': McpAnswer, 'application/problem+json': Problem } }
}

const UNCHANGED = { description: 'The client has it already.', headers: ['ETag'] } as const

/** By method and path, as they are registered. */
export const OPERATIONS: Readonly<Record<string, Operation | typeof NOT_OFFERED>> = {
  'POST /v1/tasks': {
    id: 'submitTask',
    group: 'tasks',
    summary: 'Submit a task',
    description: 'For a task that has earlier attempts it is a retry: on the same branch, with what they did at hand.',
    headers: ['Idempotency-Key', 'X-Orchestrator-Door'],
    answers: ACCEPTED,
    problems: [404, 409, 503],
  },
  'POST /v1/tasks/:service/:id/retry': {
    group: 'tasks',
    headers: ['Idempotency-Key', 'X-Orchestrator-Door'],
    answers: ACCEPTED,
    problems: [404, 409, 503],
    id: 'retryTask',
    summary: 'Answer a failure with guidance',
    description: 'As a submit, with guidance required.',
  },
  'GET /v1/tasks': {
    id: 'listTasks',
    group: 'tasks',
    summary: 'Tasks with their latest attempts',
    headers: ['If-None-Match'],
    answers: { 200: json(TaskPage, 'A page of them.', ['ETag']), 304: UNCHANGED },
    problems: [503],
  },
  'GET /v1/attempts': {
    id: 'listAttempts',
    group: 'attempts',
    summary: 'Attempts, newest first',
    headers: ['If-None-Match'],
    answers: { 200: json(AttemptPage, 'A page of them.', ['ETag']), 304: UNCHANGED },
    problems: [503],
  },
  'GET /v1/attempts/:name': {
    id: 'getAttempt',
    group: 'attempts',
    summary: 'One attempt as it is now',
    headers: ['If-None-Match'],
    answers: { 200: json(AttemptView, 'The attempt.', ['ETag']), 304: UNCHANGED },
    problems: [404, 503],
  },
  'POST /v1/attempts/:name/stop': {
    id: 'stopAttempt',
    group: 'attempts',
    summary: 'Ask to stop an attempt',
    description: 'What it has done is saved. A second request is answered with the first.',
    headers: ['X-Orchestrator-Door'],
    answers: {
      202: json(StopAnswer, 'Asked.'),
      200: json(StopAnswer, 'It was asked before, or the attempt had ended.'),
    },
    problems: [404, 503],
  },
  'GET /v1/attempts/:name/logs': {
    id: 'readLog',
    headers: ['Last-Event-ID'],
    group: 'attempts',
    summary: 'The log of an attempt',
    description:
      'Live, afterwards, and from the archive alike. `end` is the last line of a log that is complete; ask again from the next line on where it is missing. With `Accept: text/event-stream` the lines are server-sent events whose id is the number of the last line told: close them at `end`.',
    answers: {
      200: {
        description: 'One line of JSON for each line; as server-sent events `line`, `gap` and `end`.',
        content: { 'application/x-ndjson': LogLine, 'text/event-stream': LogLine },
      },
    },
    problems: [404, 410, 503],
  },
  'GET /v1/events': {
    id: 'followEvents',
    group: 'events',
    summary: 'The ledger as server-sent events',
    description:
      'From `fromSequence` on, or what comes from now on; with `Last-Event-ID` what follows that event. Each event is named by its type, its id is `<generation>-<sequence>`. `gap` says that something asked for is not there, and what to do. What was quiet for 15 seconds gets a comment.',
    headers: ['Last-Event-ID'],
    answers: {
      200: { description: '`data` of each event, as JSON.', content: { 'text/event-stream': EventMessage } },
    },
    problems: [503],
  },
  'GET /v1/workspaces': {
    id: 'listWorkspaces',
    group: 'workspaces',
    summary: 'Workspaces by name of the service',
    answers: { 200: json(WorkspaceList, 'All of them, or those in the state that was asked for.') },
    problems: [503],
  },
  'GET /v1/workspaces/:service': {
    id: 'getWorkspace',
    group: 'workspaces',
    summary: 'The workspace of a service',
    answers: { 200: json(WorkspaceView, 'Who has it, who waits, and why it is busy.') },
    problems: [404, 503],
  },
  'POST /v1/workspaces/:service/release': {
    id: 'releaseWorkspace',
    group: 'workspaces',
    summary: 'Vouch that nothing of a workload runs any more',
    description: 'A second one is answered with the first.',
    headers: ['X-Orchestrator-Door'],
    answers: { 202: json(ReleaseAnswer, 'Said.'), 200: json(ReleaseAnswer, 'Somebody had vouched for it before.') },
    problems: [404, 409, 503],
  },
  'GET /v1/deadletters': {
    id: 'listDeadLetters',
    group: 'dead letters',
    summary: 'What was given up, newest first',
    answers: { 200: json(DeadLetterPage, 'A page of letters.') },
    problems: [503],
  },
  'GET /v1/deadletters/:sequence': {
    id: 'getDeadLetter',
    group: 'dead letters',
    summary: 'One letter, the message that it names, and what to do',
    answers: { 200: json(DeadLetterDetail, 'The letter.') },
    problems: [404, 503],
  },
  'POST /v1/deadletters/:sequence/replay': {
    id: 'replayDeadLetter',
    group: 'dead letters',
    summary: 'Ask to have the message handled again, once',
    answers: { 202: json(ReplayAnswer, 'Asked.'), 200: json(ReplayAnswer, 'Asked before: how it stands.') },
    problems: [404, 503],
  },
  'POST /v1/rebuild': {
    id: 'orderRebuild',
    group: 'operation',
    summary: 'Have the views of all replicas made again',
    answers: { 202: json(RebuildAnswer, 'Ordered: what to ask about.') },
    problems: [503],
  },
  'GET /v1/rebuild': {
    id: 'getRebuild',
    group: 'operation',
    summary: 'How far a rebuild is',
    answers: { 200: json(RebuildStatus, 'As far as those who are at it answer.') },
    problems: [503],
  },
  'POST /mcp': {
    id: 'callTools',
    group: 'models',
    summary: 'One message of the Model Context Protocol',
    description:
      'Over Streamable HTTP, without sessions. Each tool needs the scopes of what it does; what the token may not do is the answer of the tool, with `isError`. docs/mcp.md names the tools.',
    headers: ['Accept'],
    answers: {
      200: {
        description: 'The answer, as server-sent events after what is told of its progress.',
        content: { 'text/event-stream': McpAnswer, 'application/json': McpAnswer },
      },
      202: { description: 'A notification: taken.' },
      400: mcpRefusal('A message that the protocol does not know, or not like this.'),
      404: mcpRefusal('There is no such method.'),
      406: mcpRefusal('Older clients must accept JSON and server-sent events.'),
    },
  },
  'GET /mcp': NOT_OFFERED,
  'DELETE /mcp': NOT_OFFERED,
  'GET /livez': {
    id: 'getLiveness',
    group: 'operation',
    summary: 'Is the process there',
    answers: { 200: json(Liveness, 'It is.') },
  },
  'GET /readyz': {
    id: 'getReadiness',
    group: 'operation',
    summary: 'Can it be used, and if not: what is wrong',
    answers: { 200: json(Readiness, 'All checks are ok.'), 503: json(Readiness, 'Some check is not ok.') },
  },
  'GET /v1/health': {
    id: 'getHealth',
    group: 'operation',
    summary: 'How all services are, and since when',
    description:
      'Of every replica that answers within half a second: what it checks, since when that is so, what was wrong last, which broker it has, and how far the view of a submitter is behind the ledger. Answered while the broker is away too, of the submitter alone that is asked.',
    answers: { 200: json(InstallationHealth, 'As they answer.') },
  },
  'GET /v1/info': {
    id: 'getInformation',
    group: 'operation',
    summary: 'Version, ledger and broker',
    answers: { 200: json(Information, 'As this replica knows them.') },
  },
  'POST /v1/tokens': {
    id: 'createToken',
    group: 'tokens',
    summary: 'Make a token',
    answers: { 201: json(TokenAnswer, 'Made: the only time that the token is shown.') },
    problems: [503],
  },
  'GET /v1/tokens': {
    id: 'listTokens',
    group: 'tokens',
    summary: 'All tokens, those that are refused too',
    answers: { 200: json(TokenList, 'What they allow, never the tokens themselves.') },
    problems: [503],
  },
  'POST /v1/tokens/:name/revoke': {
    id: 'revokeToken',
    group: 'tokens',
    summary: 'Refuse a token for good',
    answers: { 200: json(TokenView, 'It is revoked, now or before.') },
    problems: [404, 503],
  },
  'GET /openapi.json': {
    id: 'getOpenApi',
    group: 'operation',
    summary: 'This document',
    answers: { 200: json(OpenApiDocument, 'OpenAPI 3.1.') },
  },
}
