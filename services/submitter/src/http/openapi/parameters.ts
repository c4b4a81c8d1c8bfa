/** What the parameters of the API mean; the routes' schemas say what they may be. */
import type { AnswerHeader, RequestHeader } from './operation.ts'

interface ParameterText {
  readonly description: string
  /** The first that fits is shown: a name may take other values on another route. */
  readonly examples: readonly unknown[]
}

export const PARAMETERS: Readonly<Record<string, ParameterText>> = {
  service: { description: 'Name of the service.', examples: ['trader'] },
  id: { description: 'Id of the task.', examples: ['7'] },
  taskId: { description: 'Only this task id, of any service.', examples: ['7.2'] },
  tag: { description: 'The task list of a platform repository that has several.', examples: ['master'] },
  name: {
    description: 'Name of the attempt or token, as it was answered.',
    examples: ['trader-claude-agent-1-task7-attempt1'],
  },
  agent: { description: 'Only attempts of this agent.', examples: ['claude-agent-1'] },
  phase: { description: 'Only attempts in this phase.', examples: ['Running'] },
  since: {
    description: 'Only attempts submitted then or later: ISO 8601 with an offset.',
    examples: ['2026-03-02T09:00:00Z'],
  },
  until: {
    description: 'Only attempts submitted before: ISO 8601 with an offset.',
    examples: ['2026-03-03T09:00:00+01:00'],
  },
  limit: { description: 'So many on a page.', examples: [50] },
  cursor: { description: '`next` of the page before, unchanged.', examples: ['YmVmb3JlOjE3'] },
  after: {
    description: 'A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.',
    examples: [17],
  },
  fromSequence: { description: 'First sequence of the ledger; left out: what comes from now on.', examples: [1] },
  fromLine: { description: 'Number of the first line.', examples: [1] },
  follow: { description: 'Stay and send lines as they come, until the log is complete.', examples: ['true'] },
  state: { description: 'Only those in this state.', examples: ['open', 'Busy'] },
  durable: { description: 'Only letters of this durable.', examples: ['launcher'] },
  sequence: { description: 'Number of the letter.', examples: ['4'] },
  views: { description: '`views` of the order that is asked about.', examples: [3] },
  documents: { description: '`documents` of the order that is asked about.', examples: ['0b0f4f52'] },
}

interface HeaderText {
  readonly description: string
  readonly example: unknown
  readonly schema: Readonly<Record<string, unknown>>
}

export const REQUEST_HEADERS: Readonly<Record<RequestHeader, HeaderText>> = {
  Accept: {
    description: 'What clients of the protocol send.',
    schema: { type: 'string', enum: ['application/json, text/event-stream'] },
    example: 'application/json, text/event-stream',
  },
  'Idempotency-Key': {
    description:
      'Makes the request happen once: the same body again is answered with the same attempt, another body with 409.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7E]{1,128}$' },
    example: '6f0b2c8e-1f0e-4f0e-9a57-2d1c6a0f8a11',
  },
  'Last-Event-ID': {
    description: 'Id of the last server-sent event that the reader has, as it was sent.',
    schema: { type: 'string', pattern: '^([1-9][0-9]{0,8}-)?(0|[1-9][0-9]{0,14})$' },
    example: '1-17',
  },
  'If-None-Match': {
    description: '`ETag` of the answer that the client has: 304 where it is still the same.',
    schema: { type: 'string' },
    example: '"9b74c9897bac770ffc029102a200c5de"',
  },
  'X-Orchestrator-Door': {
    description: 'How the request came here; the ledger keeps it.',
    schema: { type: 'string', enum: ['http', 'cli', 'mcp'], default: 'http' },
    example: 'http',
  },
}

export const ANSWER_HEADERS: Readonly<Record<AnswerHeader, HeaderText>> = {
  Location: {
    description: 'Path of the attempt.',
    schema: { type: 'string' },
    example: '/v1/attempts/trader-claude-agent-1-task7-attempt1',
  },
  ETag: {
    description: 'For `If-None-Match`.',
    schema: { type: 'string' },
    example: '"9b74c9897bac770ffc029102a200c5de"',
  },
  'WWW-Authenticate': {
    description: 'RFC 6750: which token is needed.',
    schema: { type: 'string' },
    example: 'Bearer realm="orchestrator"',
  },
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 }, example: 1 },
}
